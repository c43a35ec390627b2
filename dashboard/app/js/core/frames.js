/**
 * Runs `work` in the next frame, once, however often it is asked for; in a hidden tab, which has no
 * frames, a little later.
 * @param {() => void} work
 * @returns {() => void}
 */
export function oncePerFrame(work) {
  let isDue = false;
  const run = () => {
    isDue = false;
    work();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    if (document.hidden) setTimeout(run, 250);
    else requestAnimationFrame(run);
  };
}
