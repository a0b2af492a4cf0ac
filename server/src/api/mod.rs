//! HTTP and sockets: one endpoint family a file, problem+json, OpenAPI.
