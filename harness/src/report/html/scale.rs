//! Axes: round ticks on a linear one, decades on a logarithmic one.

/// Round values from 0 to `end`, at most `most` of them besides 0.
pub(super) fn linear_ticks(end: f64, most: usize) -> Vec<f64> {
    if end <= 0.0 || most == 0 {
        return vec![0.0];
    }
    let rough = end / most as f64;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| end / step <= most as f64)
        .unwrap_or(end);
    let count = (end / step).floor() as usize;
    (0..=count).map(|index| index as f64 * step).collect()
}

/// A logarithmic axis from one value to another, both above zero.
#[derive(Debug, Clone, Copy)]
pub(super) struct Logarithmic {
    from: f64,
    to: f64,
}

impl Logarithmic {
    /// An axis over at least these bounds and at least half a decade.
    pub(super) fn over(from: f64, to: f64) -> Self {
        let from = from.max(0.001);
        let to = to.max(from * 10f64.sqrt());
        Self { from, to }
    }

    /// Where a value lies, from 0 to 1.
    pub(super) fn at(self, value: f64) -> f64 {
        let place = (value.max(self.from) / self.from).ln() / (self.to / self.from).ln();
        place.clamp(0.0, 1.0)
    }

    /// Round values on the axis: decades, and their halves and fifths where there is room.
    pub(super) fn ticks(self, most: usize) -> Vec<f64> {
        let first = self.from.log10().floor() as i32;
        let last = self.to.log10().ceil() as i32;
        let all = |digits: &[f64]| -> Vec<f64> {
            (first..=last)
                .flat_map(|decade| digits.iter().map(move |digit| digit * 10f64.powi(decade)))
                .filter(|value| (self.from..=self.to).contains(value))
                .collect()
        };
        let sets: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let fitting = sets.into_iter().map(all).find(|ticks| ticks.len() <= most);
        fitting.unwrap_or_else(|| {
            let ticks = all(&[1.0]);
            let step = ticks.len().div_ceil(most.max(1));
            ticks.into_iter().step_by(step).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linear_ticks_are_round_few_and_within() {
        assert_eq!(linear_ticks(17.0, 5), [0.0, 5.0, 10.0, 15.0]);
        assert_eq!(
            linear_ticks(0.9, 5),
            [0.0, 0.2, 0.4, 0.6000000000000001, 0.8]
        );
        assert_eq!(linear_ticks(0.0, 5), [0.0]);
        for end in [0.003, 1.0, 9.99, 61.0, 1_234.0, 86_400.0] {
            let ticks = linear_ticks(end, 5);
            assert!(ticks.len() >= 2 && ticks.len() <= 6, "{end}: {ticks:?}");
            assert!(ticks.iter().all(|tick| *tick <= end), "{end}: {ticks:?}");
        }
    }

    #[test]
    fn a_logarithmic_axis_has_its_ends_and_its_ticks_inside() {
        let axis = Logarithmic::over(4_000.0, 400_000.0);
        assert_eq!(axis.at(4_000.0), 0.0);
        assert!((axis.at(40_000.0) - 0.5).abs() < 1e-9);
        assert_eq!(axis.at(400_000.0), 1.0);
        assert_eq!(axis.at(0.0), 0.0);
        for (from, to) in [(1.0, 1.0), (4.0, 500.0), (0.01, 3.6e9), (12e6, 25e6)] {
            let ticks = Logarithmic::over(from, to).ticks(5);
            assert!(
                !ticks.is_empty() && ticks.len() <= 6,
                "{from} to {to}: {ticks:?}"
            );
        }
    }
}
