//! The OpenAPI document beside the code says what the code does.

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../server/openapi.json");

#[test]
fn openapi_json_is_what_the_code_says() {
    let said = hoian_server::api::openapi().to_pretty_json().unwrap() + "\n";
    let kept = std::fs::read_to_string(PATH).unwrap_or_default();
    if said != kept && std::env::var_os("HOIAN_WRITE_OPENAPI").is_some() {
        std::fs::write(PATH, &said).unwrap();
        return;
    }
    assert!(
        said == kept,
        "server/openapi.json has drifted: run this test with HOIAN_WRITE_OPENAPI=1 to write it anew"
    );
}
