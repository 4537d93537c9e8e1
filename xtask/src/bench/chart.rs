//! docs/benchmarks.svg: bars for what matters most, readable in light and in dark mode.
//!
//! The colours follow `prefers-color-scheme` inside the picture, and it paints its own background, since a page
//! may be light where the reader's system is dark.

use super::{
    contenders::OURS,
    metrics::{Better, METRICS, Metric},
    results::{Results, RowResult},
};

const STYLE: &str = "
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .note { fill: #59636e; font-size: 12px; }
  .paper { fill: #ffffff; }
  .ours { fill: #6f42c1; }
  .peer { fill: #b6bec8; }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc; }
    .note { fill: #9198a1; }
    .paper { fill: #0d1117; }
    .ours { fill: #b083f0; }
    .peer { fill: #4d5661; }
  }
";

/// The names' column, a panel's bars, the room for figures beside them.
const NAMES: f64 = 144.0;
const BARS: f64 = 220.0;
const FIGURES: f64 = 116.0;
const PANEL: f64 = BARS + FIGURES;
const LINE: f64 = 22.0;
const TOP: f64 = 52.0;

/// The whole picture.
pub(crate) fn svg(results: &Results) -> String {
    let metrics: Vec<(&Metric, Better)> = METRICS
        .iter()
        .filter_map(|metric| Some((metric, metric.chart?)))
        .filter(|(metric, _)| {
            results.rows.iter().flat_map(|row| &row.contenders).any(|it| metric.value(it).is_some())
        })
        .collect();
    let mut body = String::new();
    for (at, (metric, better)) in metrics.iter().enumerate() {
        let x = panel(at);
        let which = match better {
            Better::More => "more is better",
            Better::Less => "fewer are better",
        };
        body.push_str(&text(x, 24.0, "title", metric.title));
        body.push_str(&text(x, 40.0, "note", which));
    }
    let mut y = TOP;
    for row in &results.rows {
        body.push_str(&text(16.0, y + 14.0, "title", &row.name));
        y += LINE;
        for contender in &row.contenders {
            body.push_str(&text(24.0, y + 14.0, "", &contender.name));
            for (at, (metric, _)) in metrics.iter().enumerate() {
                if let Some(value) = metric.value(contender) {
                    let class = if contender.name == OURS { "ours" } else { "peer" };
                    body.push_str(&bar(
                        panel(at),
                        y,
                        class,
                        value / most(row, metric),
                        &(metric.show)(value),
                    ));
                }
            }
            y += LINE;
        }
        y += 10.0;
    }
    #[allow(clippy::cast_precision_loss)]
    let width = panel(metrics.len().max(1)) + 8.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {y:.0}\" width=\"{width:.0}\" \
         height=\"{y:.0}\" role=\"img\" aria-label=\"zzz and its peers, row by row\">\n<style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\" rx=\"6\"/>\n{body}</svg>\n"
    )
}

/// Where a panel begins.
fn panel(at: usize) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let at = at as f64;
    16.0 + NAMES + at * PANEL
}

/// The longest bar of a row.
fn most(row: &RowResult, metric: &Metric) -> f64 {
    row.contenders.iter().filter_map(|it| metric.value(it)).fold(f64::MIN_POSITIVE, f64::max)
}

fn bar(x: f64, y: f64, class: &str, part: f64, figure: &str) -> String {
    let width = (part * BARS).max(1.0);
    format!(
        "<rect class=\"{class}\" x=\"{x:.0}\" y=\"{y:.0}\" width=\"{width:.1}\" height=\"16\" rx=\"2\"/>\n{}",
        text(x + width + 6.0, y + 13.0, "", figure)
    )
}

fn text(x: f64, y: f64, class: &str, words: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    let words = words.replace('&', "&amp;").replace('<', "&lt;");
    format!("<text{class} x=\"{x:.0}\" y=\"{y:.0}\">{words}</text>\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::tests::sample;

    #[test]
    fn the_best_has_the_longest_bar_and_every_bar_its_figure() {
        let picture = svg(&Results { rows: vec![sample("json")], ..Results::default() });
        assert_eq!(picture.matches("class=\"ours\"").count(), 2);
        assert_eq!(picture.matches("class=\"peer\"").count(), 2);
        assert!(picture.contains("width=\"220.0\"") && picture.contains("width=\"110.0\""), "{picture}");
        assert!(picture.contains(">50,000<") && picture.contains(">18,000<"), "{picture}");
    }

    #[test]
    fn is_readable_in_the_dark() {
        assert!(svg(&Results::default()).contains("@media (prefers-color-scheme: dark)"));
    }

    #[test]
    fn a_metric_that_nobody_has_has_no_panel() {
        let mut row = sample("json");
        row.contenders.iter_mut().for_each(|it| it.instructions = None);
        let picture = svg(&Results { rows: vec![row], ..Results::default() });
        assert!(!picture.contains("instructions/request") && picture.contains("requests/s"));
    }

    #[test]
    fn words_are_escaped() {
        assert!(text(0.0, 0.0, "", "a<b&c").contains("a&lt;b&amp;c"));
    }
}
