//! A plot that a bench draws itself: bars in panels, as SVG. Readable on light and on dark ground, and by screen readers.

use std::fmt::Write as _;

use crate::numbers;

/// A plot.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Plot {
    /// What is shown, in a few words.
    pub title: String,
    /// The same for somebody who does not see it: what is compared, and what comes out.
    pub description: String,
    /// The panels, one below the other.
    pub panels: Vec<Panel>,
}

/// Bars of one unit, beginning at zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Panel {
    /// What the bars show, with the unit and which way is better.
    pub title: String,
    /// The bars, from top to bottom.
    pub bars: Vec<Bar>,
    /// A line that is not to be passed, or not to be missed: its name and value.
    pub goal: Option<(String, f64)>,
}

/// A bar.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Whose.
    pub name: String,
    /// How long.
    pub value: f64,
    /// Ours? Then it has the colour that stands out.
    pub ours: bool,
}

const WIDTH: f64 = 800.0;
const NAMES: f64 = 320.0;
const VALUES: f64 = 90.0;
const BAR: f64 = 24.0;
const HEAD: f64 = 34.0;
const TOP: f64 = 44.0;

/// Colours and letters. A picture in a page follows the reader's own wish for light or dark.
const STYLE: &str = "
    text { font: 14px system-ui, 'Noto Sans CJK SC', sans-serif; fill: #1d2430 }
    .title { font-size: 17px; font-weight: 600 } .panel { font-weight: 600 } .value { font-variant-numeric: tabular-nums }
    .ground { fill: #ffffff } .ours { fill: #1f5fa8 } .peer { fill: #98a2b3 }
    .goal { stroke: #b3261e; stroke-width: 2; stroke-dasharray: 5 4 } .goal-name { fill: #b3261e; font-size: 12px }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6e9ef } .ground { fill: #14181f } .ours { fill: #6aa9f0 } .peer { fill: #5d6777 }
      .goal { stroke: #ff8a80 } .goal-name { fill: #ff8a80 }
    }";

impl Plot {
    /// The plot as an SVG file.
    #[must_use]
    pub fn svg(&self) -> String {
        let height = TOP + self.panels.iter().map(Panel::height).sum::<f64>() + 8.0;
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
             role=\"img\" aria-labelledby=\"title description\">\n\
             <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n<style>{STYLE}\n</style>\n\
             <rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"6\"/>\n\
             <text class=\"title\" x=\"16\" y=\"28\">{0}</text>\n",
            escaped(&self.title),
            escaped(&self.description)
        );
        let mut y = TOP;
        for panel in &self.panels {
            panel.draw(y, &mut out);
            y += panel.height();
        }
        out += "</svg>\n";
        out
    }
}

impl Panel {
    #[allow(clippy::cast_precision_loss, reason = "a panel has a handful of bars")]
    fn height(&self) -> f64 {
        let goal = if self.goal.is_some() { 16.0 } else { 0.0 };
        HEAD + self.bars.len() as f64 * BAR + goal + 10.0
    }

    fn draw(&self, top: f64, out: &mut String) {
        let goal = self.goal.as_ref().map_or(0.0, |it| it.1);
        let longest = self
            .bars
            .iter()
            .map(|it| it.value)
            .fold(goal, f64::max)
            .max(f64::MIN_POSITIVE);
        let room = WIDTH - NAMES - VALUES;
        let length = |value: f64| (value / longest * room).max(1.0);
        // Writing to a String does not fail.
        let _ = writeln!(
            out,
            "<text class=\"panel\" x=\"16\" y=\"{:.1}\">{}</text>",
            top + 20.0,
            escaped(&self.title)
        );
        let mut y = top + HEAD;
        for bar in &self.bars {
            let class = if bar.ours { "ours" } else { "peer" };
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
                 <rect class=\"{class}\" x=\"{NAMES}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"2\"/>\
                 <text class=\"value\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                NAMES - 10.0,
                y + 15.0,
                escaped(&bar.name),
                length(bar.value),
                BAR - 6.0,
                NAMES + length(bar.value) + 8.0,
                y + 15.0,
                numbers::shown(bar.value)
            );
            y += BAR;
        }
        if let Some((name, value)) = &self.goal {
            let x = NAMES + length(*value);
            let _ = writeln!(
                out,
                "<line class=\"goal\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{:.1}\" y2=\"{y:.1}\"/>\
                 <text class=\"goal-name\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                top + HEAD - 4.0,
                y + 12.0,
                escaped(name)
            );
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Plot {
        let bar = |name: &str, value, ours| Bar {
            name: name.to_owned(),
            value,
            ours,
        };
        Plot {
            title: "Speed".to_owned(),
            description: "Ours < theirs".to_owned(),
            panels: vec![Panel {
                title: "Answers a second".to_owned(),
                bars: vec![bar("Jutong", 50.0, true), bar("A & B", 100.0, false)],
                goal: Some(("goal".to_owned(), 40.0)),
            }],
        }
    }

    #[test]
    fn a_plot_tells_what_it_shows_and_keeps_in_its_frame() {
        let svg = plot().svg();
        assert!(svg.contains("<title id=\"title\">Speed</title>") && svg.contains("Ours &lt; theirs</desc>"));
        assert!(svg.contains("A &amp; B") && svg.contains("prefers-color-scheme: dark"));
        assert_eq!(svg.matches("<rect class=\"ours\"").count(), 1);
        let longest = format!("x=\"{NAMES}\" y=\"102.0\" width=\"{:.1}\"", WIDTH - NAMES - VALUES);
        assert!(svg.contains(&longest), "{svg}");
        assert_eq!(svg.matches('<').count(), svg.matches('>').count());
    }

    #[test]
    fn a_bar_of_nothing_is_still_seen() {
        let svg = Panel {
            bars: vec![Bar {
                name: String::new(),
                value: 0.0,
                ours: true,
            }],
            ..Panel::default()
        };
        let mut out = String::new();
        svg.draw(0.0, &mut out);
        assert!(out.contains("width=\"1.0\""), "{out}");
    }
}
