//! Budgets for every search and every input.
