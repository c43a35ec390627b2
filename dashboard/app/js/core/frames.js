/**
 * Runs `work` in the next frame, once, however often it is asked for, and `apartMs` after the last time at the
 * earliest; in a hidden tab, which has no frames, a little later.
 * @param {() => void} work
 * @param {number} [apartMs]
 * @returns {() => void}
 */
export function oncePerFrame(work, apartMs = 0) {
  let isDue = false;
  let ranAt = -Infinity;
  const run = () => {
    isDue = false;
    ranAt = performance.now();
    work();
  };
  const inFrame = () => (document.hidden ? setTimeout(run, 250) : requestAnimationFrame(run));
  return () => {
    if (isDue) return;
    isDue = true;
    const early = ranAt + apartMs - performance.now();
    if (early > 0) setTimeout(inFrame, early);
    else inFrame();
  };
}
