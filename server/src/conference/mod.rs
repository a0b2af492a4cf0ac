//! A meeting as it runs: one actor a meeting joins domain rules, media room and signalling.
