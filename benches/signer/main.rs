//! `make bench AREA=signer`: the command `signer` beside its floors, pyHanko and pdfsig, on the same files in the same run.

#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock; it is no part of the product"
)]

mod floors;
mod materials;
mod peers;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use floors::Floors;
use hoian_benches::child::{peak_anonymous_megabytes, run};
use hoian_benches::figure::{self, Figure, median};
use materials::Materials;
use peers::Peers;
use time::OffsetDateTime;

fn main() -> Result<()> {
    // cargo hands over its own switches.
    let signer = signer()?;
    let materials = Materials::make(&signer, OffsetDateTime::now_utc())?;
    let bench = Bench {
        floors: Floors::new(&materials)?,
        peers: Peers::find(&materials),
        signer,
        materials,
    };
    let figures = [
        bench.verify_large()?,
        vec![bench.verify_page()?, bench.sign_page()?, bench.sign_large()?],
        bench.verify_many()?,
    ]
    .concat();
    figure::print("signer", &figures);
    let written = figure::write("signer", &figures)?;
    println!("\n{}", written.display());
    Ok(())
}

/// The command, built beside this benchmark.
fn signer() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().and_then(Path::parent).context("no target folder")?;
    let path = folder.join("signer");
    anyhow::ensure!(
        path.exists(),
        "{} is missing: build it with --release first",
        path.display()
    );
    Ok(path)
}

struct Bench {
    signer: PathBuf,
    materials: Materials,
    floors: Floors,
    peers: Peers,
}

const ROUNDS: usize = 9;
const PEER_ROUNDS: usize = 3;

impl Bench {
    /// Trusted, with evidence required where the file brings it.
    fn verify(&self, files: &[PathBuf], revocation: &str) -> Command {
        let mut command = Command::new(&self.signer);
        command.args(["verify", "--json", "--revocation", revocation, "--trust"]);
        command.arg(&self.materials.pki.root_file).args(files);
        command
    }

    fn verify_large(&self) -> Result<Vec<Figure>> {
        let file = &self.materials.large_signed;
        let ours = || self.verify(std::slice::from_ref(file), "if-available");
        let (mut times, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            floors.push(self.floors.sha256(file)?);
            times.push(run(&mut ours(), &[0])?);
        }
        let time = Figure::new("verify 123 MB, two signatures", median(times), "ms")
            .floor(median(floors))
            .peer("pyHanko", self.peers.pyhanko_verify(file, PEER_ROUNDS))
            .peer("pdfsig", self.peers.pdfsig(file, PEER_ROUNDS));
        let reached = time.ratio.is_some_and(|ratio| ratio <= 1.5);
        let time = time.target("1.5 passes of SHA-256", reached);
        let mut peak: f64 = 0.0;
        for _ in 0..PEER_ROUNDS {
            peak = peak.max(peak_anonymous_megabytes(&mut ours(), &[0])?);
        }
        let memory = Figure::new("  its anonymous memory at the peak", peak, "MB")
            .peer("pyHanko", self.peers.pyhanko_memory(file))
            .peer("pdfsig", self.peers.pdfsig_memory(file))
            .target("32 MB", peak <= 32.0);
        Ok(vec![time, memory])
    }

    fn verify_page(&self) -> Result<Figure> {
        let file = &self.materials.long_term;
        let (mut times, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS * 5 {
            floors.push(run(&mut Command::new("/bin/true"), &[0])?);
            times.push(run(
                &mut self.verify(std::slice::from_ref(file), "require"),
                &[0],
            )?);
        }
        let time = median(times);
        Ok(Figure::new("verify one page, B-LT, whole process", time, "ms")
            .floor(median(floors))
            .peer("pyHanko", self.peers.pyhanko_verify(file, PEER_ROUNDS))
            .peer("pdfsig", self.peers.pdfsig(file, PEER_ROUNDS))
            .target("10 ms", time <= 10.0))
    }

    fn sign_page(&self) -> Result<Figure> {
        let output = self.materials.folder.path().join("page-signed.pdf");
        let (mut times, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS * 3 {
            floors.push(self.floors.private_key()?);
            times.push(run(&mut self.sign(&self.materials.page, &output), &[0])?);
            std::fs::remove_file(&output)?;
        }
        let (time, floor) = (median(times), median(floors));
        Ok(Figure::new("sign one page, B-B, PKCS#12, RSA 2048", time, "ms")
            .floor(floor)
            .peer(
                "pyHanko",
                self.peers.pyhanko_sign(&self.materials.page, PEER_ROUNDS),
            )
            .target("15 ms beyond the key's work", time - floor <= 15.0))
    }

    /// The floor is what cannot be less: two passes and one copy, as durable as ours.
    fn sign_large(&self) -> Result<Figure> {
        let output = self.materials.folder.path().join("large-out.pdf");
        let file = &self.materials.large;
        let (mut times, mut floors) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            floors.push(2.0 * self.floors.sha256(file)? + self.floors.copy(file)?);
            times.push(run(&mut self.sign(file, &output), &[0])?);
            // A new file each time, as the floor's copy is.
            std::fs::remove_file(&output)?;
        }
        let figure = Figure::new("sign 123 MB", median(times), "ms").floor(median(floors));
        let reached = figure.ratio.is_some_and(|ratio| ratio <= 1.0);
        Ok(figure
            .peer("pyHanko", self.peers.pyhanko_sign(file, PEER_ROUNDS))
            .target("2 passes and a copy (the floor)", reached))
    }

    /// The floor of a rate is a ceiling: what one core does, times the cores.
    fn verify_many(&self) -> Result<Vec<Figure>> {
        let files = &self.materials.many;
        let rate = |time: f64| files.len() as f64 * 1000.0 / time;
        let cores = std::thread::available_parallelism()?.get();
        let (mut all, mut one) = (Vec::new(), Vec::new());
        for _ in 0..PEER_ROUNDS {
            let mut alone = Command::new("taskset");
            let ours = self.verify(files, "require");
            alone
                .args(["-c", "0"])
                .arg(ours.get_program())
                .args(ours.get_args());
            one.push(rate(run(&mut alone, &[0])?));
            all.push(rate(run(&mut self.verify(files, "require"), &[0])?));
        }
        let (all, one) = (median(all), median(one));
        let ceiling = one * cores as f64;
        let by_process = |time: Option<f64>| time.map(|time| 1000.0 / time);
        let file = &files[0];
        let figure = Figure::new(
            format!("verify {} papers, all {cores} cores", files.len()),
            all,
            "doc/s",
        )
        .floor(ceiling)
        .peer(
            "pyHanko (a process each)",
            by_process(self.peers.pyhanko_verify(file, PEER_ROUNDS)),
        )
        .peer(
            "pdfsig (a process each)",
            by_process(self.peers.pdfsig(file, ROUNDS)),
        )
        .target("scales: 0.8 of one core's rate x cores", all >= 0.8 * ceiling);
        Ok(vec![Figure::new("  the same on one core", one, "doc/s"), figure])
    }

    fn sign(&self, input: &Path, output: &Path) -> Command {
        materials::sign(&self.signer, &self.materials.pki, "Lanh_dao", input, output)
    }
}
