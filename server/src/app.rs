//! Composition root: builds the parts, returns bound addresses, drains on stop.
