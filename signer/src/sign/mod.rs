//! prepare → signed attributes → complete → extend.
