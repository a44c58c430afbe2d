//! From values to pixels.

/// Below this, values on a logarithmic axis are drawn as this.
const LOG_MIN: f64 = 1e-5;
/// Decades that a logarithmic axis covers at least: a level line must look level.
const DECADES_MIN: f64 = 0.7;
/// Pixels between two ticks of a linear axis, at least.
const TICK_PIXELS_MIN: f64 = 28.0;

/// How values are spread over an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0.
    Linear,
    /// Equal factors are equally far apart.
    Log,
}

pub struct Axis {
    scale: Scale,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// Covers all values, between two pixels.
    pub fn over(scale: Scale, values: impl Iterator<Item = f64>, (from, to): (f64, f64)) -> Self {
        let (low, high) = values
            .map(|value| scale.position(value))
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = match scale {
            Scale::Linear => (0.0, if high > 0.0 { high } else { 1.0 }),
            Scale::Log if low > high => (0.0, 1.0),
            Scale::Log => {
                let room = (DECADES_MIN - (high - low)).max(0.0) / 2.0 + 0.05;
                (low - room, high + room)
            }
        };
        Self { scale, low, high, from, to }
    }

    pub fn place(&self, value: f64) -> f64 {
        let share = (self.scale.position(value) - self.low) / (self.high - self.low);
        self.from + share * (self.to - self.from)
    }

    pub fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => {
                steps(self.high, ((self.to - self.from).abs() / TICK_PIXELS_MIN).clamp(1.0, 10.0))
            }
            Scale::Log => {
                // Twos and fives too, where there are few decades.
                let steps: &[f64] = if self.high - self.low > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
                let decades = self.low.floor() as i32..=self.high.ceil() as i32;
                let ticks =
                    decades.flat_map(|decade| steps.iter().map(move |step| step * 10_f64.powi(decade)));
                ticks.filter(|tick| (self.low..=self.high).contains(&tick.log10())).collect()
            }
        }
    }
}

impl Scale {
    fn position(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log => value.max(LOG_MIN).log10(),
        }
    }
}

/// Round values from 0 to `end`, at most `count` steps.
fn steps(end: f64, count: f64) -> Vec<f64> {
    let least = end / count;
    let power = 10_f64.powf(least.log10().floor());
    let step = [1.0, 2.0, 5.0].map(|factor| factor * power).into_iter().find(|step| *step >= least);
    let step = step.unwrap_or(10.0 * power);
    // Six steps of 0.05 are a little more than 0.3 in binary.
    (0..=(end / step + 1e-9) as u32).map(|n| f64::from(n) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round_and_few() {
        assert_eq!(steps(10.0, 10.0), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
        assert_eq!(steps(0.3, 10.0).len(), 7);
        for end in [0.1, 7.0, 61.0, 3_600.0] {
            let steps = steps(end, 10.0);
            assert!((3..=11).contains(&steps.len()) && steps[steps.len() - 1] <= end, "{end}: {steps:?}");
        }
    }

    #[test]
    fn equal_factors_are_equally_far_apart() {
        let axis = Axis::over(Scale::Log, [0.2, 20.0].into_iter(), (300.0, 0.0));
        let [low, middle, high] = [0.2, 2.0, 20.0].map(|value| axis.place(value));
        assert!((low - middle - (middle - high)).abs() < 1e-9 && low <= 300.0 && high >= 0.0);
    }
}
