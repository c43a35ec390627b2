//! Latencies as a drawing: how long the slowest share of them took, on logarithmic axes, for it is the
//! tail that distinguishes systems.

use std::fmt::Write;

use super::latency::Latencies;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 40.0;
/// Colours that can be distinguished on light and dark backgrounds.
const COLOURS: [&str; 3] = ["#2f81f7", "#d29922", "#8957e5"];
/// The quantiles on the axis, as shares that are slower: all, one in ten, one in a hundred …
const TICKS: [(f64, &str); 5] =
    [(1.0, "0 %"), (0.1, "90 %"), (0.01, "99 %"), (0.001, "99.9 %"), (0.000_1, "99.99 %")];
/// Number of points per line.
const POINTS: u32 = 80;

/// Draws lines with their names as an SVG.
pub(super) fn svg(lines: &[(&str, &Latencies)]) -> String {
    let lines: Vec<_> = lines.iter().filter(|(_, latencies)| latencies.count() > 0).collect();
    let longest = lines.iter().map(|(_, latencies)| latencies.max()).fold(1.0, f64::max);
    let shortest = lines.iter().map(|(_, latencies)| latencies.at(0.0)).fold(longest, f64::min).max(0.01);
    let (low, high) = (shortest.log10().floor(), longest.log10().ceil());
    let x = |slower: f64| LEFT + (WIDTH - LEFT - RIGHT) * -slower.log10() / 4.0;
    let y = |millis: f64| {
        let share = (millis.max(shortest).log10() - low) / (high - low).max(1.0);
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#7d8590\">\n"
    );
    let mut add = |element: String| {
        let _ = writeln!(svg, "{element}"); // a string takes everything
    };
    for (slower, label) in TICKS {
        let x = x(slower);
        add(grid(x, TOP, x, HEIGHT - BOTTOM));
        add(text(x, HEIGHT - BOTTOM + 18.0, "middle", label));
    }
    let mut decade = low;
    while decade <= high {
        let (millis, y) = (10_f64.powf(decade), y(10_f64.powf(decade)));
        add(grid(LEFT, y, WIDTH - RIGHT, y));
        let label = if millis < 1_000.0 { format!("{millis} ms") } else { format!("{} s", millis / 1_000.0) };
        add(text(LEFT - 8.0, y + 4.0, "end", &label));
        decade += 1.0;
    }
    let mut legend = TOP;
    for ((name, latencies), colour) in lines.iter().zip(COLOURS) {
        let points: Vec<String> = (0..=POINTS)
            .map(|point| {
                let slower = 10_f64.powf(-4.0 * f64::from(point) / f64::from(POINTS));
                format!("{:.1},{:.1}", x(slower), y(latencies.at(1.0 - slower)))
            })
            .collect();
        add(format!(
            "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
            points.join(" ")
        ));
        legend += 18.0;
        add(format!("<text x=\"{}\" y=\"{legend}\" fill=\"{colour}\">{name}</text>", WIDTH - RIGHT + 16.0));
    }
    svg.push_str("</svg>\n");
    svg
}

fn grid(x1: f64, y1: f64, x2: f64, y2: f64) -> String {
    format!(
        "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" stroke=\"#7d8590\" stroke-opacity=\"0.25\"/>"
    )
}

fn text(x: f64, y: f64, anchor: &str, text: &str) -> String {
    format!("<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_line_rises_to_the_slowest_and_what_was_not_measured_is_left_out() {
        let mut latencies = Latencies::new();
        (1..=1_000).for_each(|millis| latencies.add(Duration::from_millis(millis)));
        let svg = svg(&[("measured", &latencies), ("not measured", &Latencies::new())]);
        assert!(svg.contains(">measured</text>") && !svg.contains("not measured"));
        let points = svg.split("points=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let heights: Vec<f64> =
            points.split(' ').map(|point| point.split_once(',').unwrap().1.parse().unwrap()).collect();
        assert!(heights.is_sorted_by(|before, after| before >= after), "down the page is faster");
        assert!(heights[0] > heights[80]);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }

    #[test]
    fn nothing_measured_is_still_a_drawing() {
        let svg = svg(&[]);
        assert!(svg.ends_with("</svg>\n") && !svg.contains("NaN"));
    }
}
