//! The numbers of one petition: each is how many of its signatures a view of the axes is true of, and nothing else.

use crate::axes::{Axes, End, Standing};

macro_rules! counts {
    ($($(#[$doc:meta])* $name:ident = $view:expr;)*) => {
        /// The numbers of one petition. Adding up the views of its signatures from nothing gives the same.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)*
        }

        impl Counts {
            /// Names of the numbers, in the order of [`Counts::to_array`].
            pub const NAMES: [&'static str; [$(stringify!($name)),*].len()] = [$(stringify!($name)),*];

            /// All numbers, for a store that keeps them in columns.
            #[must_use]
            pub fn to_array(self) -> [u64; Self::NAMES.len()] {
                [$(self.$name),*]
            }

            /// Reads [`Counts::to_array`].
            #[must_use]
            pub fn from_array([$($name),*]: [u64; Self::NAMES.len()]) -> Self {
                Self { $($name),* }
            }

            fn of(axes: Axes) -> [bool; Self::NAMES.len()] {
                [$({ let view: fn(Axes) -> bool = $view; view(axes) }),*]
            }
        }
    };
}

counts! {
    /// Settled, confirmed, clear, not ended: the count.
    counted = Axes::is_counted;
    /// Previously counted, now held.
    held = Axes::is_held;
    /// Previously counted, now invalidated.
    invalidated = Axes::is_invalidated;
    /// Previously counted, now withdrawn.
    withdrawn = Axes::is_withdrawn;
    /// Previously counted, now disowned.
    disowned = Axes::is_disowned;
    /// Settled, whatever followed: the sum of the five above.
    settled = |axes| axes.settled;
    /// Admitted, whatever followed. Never public: it would tell whether someone signed.
    all_signed = |_| true;
    /// Confirmed, whatever followed. Never public.
    all_confirmed = Axes::is_confirmed;
    /// On the verdict axis held. Never public.
    all_held = |axes| axes.verdict == Standing::Held;
    /// On the verdict axis invalidated. Never public.
    all_invalidated = Axes::is_judged_invalid;
    /// Expired. Never public.
    all_expired = |axes| axes.end == End::Expired;
    /// Withdrawn, counted before or not. Never public.
    all_withdrawn = |axes| axes.end == End::Withdrawn;
    /// Disowned, counted before or not. Never public.
    all_disowned = |axes| axes.end == End::Disowned;
}

impl Counts {
    /// With one more signature. `None` past the end of `u64`.
    #[must_use]
    pub fn with(self, axes: Axes) -> Option<Self> {
        self.zip(axes, |number, view| number.checked_add(u64::from(view)))
    }

    /// With so many of them standing elsewhere now. `None` if they cannot have been among those counted.
    pub(crate) fn moved(self, many: u64, before: Axes, after: Axes) -> Option<Self> {
        self.zip(before, |number, view| number.checked_sub(many * u64::from(view)))?
            .zip(after, |number, view| number.checked_add(many * u64::from(view)))
    }

    /// With one signature less. `None` if it cannot have been among those counted.
    #[must_use]
    pub fn without(self, axes: Axes) -> Option<Self> {
        self.zip(axes, |number, view| number.checked_sub(u64::from(view)))
    }

    fn zip(self, axes: Axes, change: impl Fn(u64, bool) -> Option<u64>) -> Option<Self> {
        let mut numbers = self.to_array();
        for (number, view) in numbers.iter_mut().zip(Self::of(axes)) {
            *number = change(*number, view)?;
        }
        Some(Self::from_array(numbers))
    }
}
