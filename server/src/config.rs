//! One TOML file and the environment; unknown keys fail; every default is documented.
