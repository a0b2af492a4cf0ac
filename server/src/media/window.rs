//! Remembering what has come, so that nothing is taken twice.

/// Which of the last 128 indices were seen (RFC 3711 section 3.3.2 asks for at least 64).
#[derive(Default)]
pub struct Window {
    highest: u64,
    seen: u128,
}

impl Window {
    /// The highest index seen.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    /// Not seen, and not too old to tell.
    pub fn is_new(&self, index: u64) -> bool {
        match self.highest.checked_sub(index) {
            None => true,
            Some(age) => age < 128 && self.seen & (1 << age) == 0,
        }
    }

    pub fn accept(&mut self, index: u64) {
        match index.checked_sub(self.highest) {
            Some(ahead) => {
                self.seen = if ahead < 128 { self.seen << ahead } else { 0 } | 1;
                self.highest = index;
            }
            None => self.seen |= 1 << (self.highest - index).min(127),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_forgets_what_is_older_than_itself() {
        let mut window = Window::default();
        window.accept(500);
        assert!(window.is_new(499) && !window.is_new(500) && !window.is_new(372));
        window.accept(499);
        assert!(!window.is_new(499));
        window.accept(10_000);
        assert!(window.is_new(9_999) && !window.is_new(500));
    }
}
