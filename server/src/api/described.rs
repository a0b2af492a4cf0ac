//! What the OpenAPI document says of refusals, once for all routes: each is a problem, in its own media type, and besides those
//! that a route names there are those that any route may give (a malformed body, no session, too large, no room).

use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response};

/// RFC 9457 section 6.1.
const PROBLEM: &str = "application/problem+json";

/// Says it of every operation of the document.
pub(super) fn with_refusals(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        let methods = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in methods.into_iter().flatten() {
            describe(operation);
        }
    }
    document
}

fn describe(operation: &mut Operation) {
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && let Some(content) = response.content.shift_remove("application/json")
        {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
    for (range, says) in [
        ("4XX", "Refused; `type` says why"),
        ("5XX", "Not now, or a fault of ours; nothing was done"),
    ] {
        responses
            .entry(range.to_owned())
            .or_insert_with(|| RefOr::T(problem(says)));
    }
}

fn problem(says: &str) -> Response {
    let mut response = Response::new(says);
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    response.content.insert(PROBLEM.to_owned(), RefOr::T(content));
    response
}
