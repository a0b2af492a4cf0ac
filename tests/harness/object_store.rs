//! A throw-away object store that speaks Amazon's S3: s3s-fs, which keeps objects as files in a folder and checks each
//! request's signature.

use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use hoian_server::config::Config;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

const BUCKET: &str = "kho";
const PREFIX: &str = "hoian/tep";
/// The two halves of its only key.
pub const KEY: (&str, &str) = ("khoa-kiem-thu", "bi-mat-cua-khoa-kiem-thu");

/// A running store; its folder goes with it.
pub struct ObjectStore {
    folder: TempDir,
    address: SocketAddr,
    /// Of its own, so that ending it cuts every line at once.
    runtime: Option<Runtime>,
}

impl ObjectStore {
    /// Starts one with an empty bucket.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let mut store = Self {
            folder,
            address: ([127, 0, 0, 1], 0).into(),
            runtime: None,
        };
        store.come_back();
        store
    }

    /// Makes a program keep its files here.
    pub fn configure(&self, config: &mut Config) {
        config.blobs = Some(format!("s3://{BUCKET}/{PREFIX}"));
        config.s3.endpoint = Some(format!("http://{}", self.address));
        config.s3.access_key_id = Some(KEY.0.to_owned());
        config.s3.secret_access_key = Some(KEY.1.to_owned());
    }

    /// The folder in which a program's objects are, each under its name.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join(BUCKET).join(PREFIX)
    }

    /// Ends it, with every line to it.
    pub fn go_away(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }

    /// Starts it again on the same port, with what it holds.
    pub fn come_back(&mut self) {
        let mut service = S3ServiceBuilder::new(FileSystem::new(self.folder.path()).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY.0, KEY.1));
        let service = service.build();
        let routes = Router::new().fallback(move |request: Request| answer(service.clone(), request));
        let runtime = Runtime::new().unwrap();
        let wanted = self.address;
        let (bound, address) = std::sync::mpsc::channel();
        runtime.spawn(async move {
            let listener = TcpListener::bind(wanted).await.unwrap();
            bound.send(listener.local_addr().unwrap()).unwrap();
            axum::serve(listener, routes).await
        });
        self.address = address.recv().unwrap();
        self.runtime = Some(runtime);
    }
}

impl Drop for ObjectStore {
    fn drop(&mut self) {
        self.go_away();
    }
}

async fn answer(service: S3Service, request: Request) -> axum::response::Response {
    match service.call(request.map(s3s::Body::http_body_unsync)).await {
        Ok(response) => response.map(Body::new).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
