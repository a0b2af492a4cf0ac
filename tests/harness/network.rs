//! A network of its own for a client, with a filter: a namespace that a pair of virtual interfaces joins to this machine. It
//! needs the rights to make one (CAP_NET_ADMIN and CAP_SYS_ADMIN), as root has them.

use std::io::Write as _;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, ensure};

/// The name of this machine there.
pub const NAME: &str = "hop.test";

/// Taken down when dropped.
pub struct Network {
    name: String,
    /// This machine as it is seen from there.
    pub server: Ipv4Addr,
    /// The client as it is seen from here.
    pub client: Ipv4Addr,
}

impl Network {
    /// Everything gets through, until [`Self::filter`].
    ///
    /// # Errors
    /// The rights or the tools (`ip`) are missing.
    pub fn new() -> Result<Network> {
        static LAST: AtomicU32 = AtomicU32::new(0);
        let (process, count) = (std::process::id(), LAST.fetch_add(1, Ordering::Relaxed));
        let name = format!("hoian-{process}-{count}");
        let (near, far) = (format!("h{process}n{count}"), format!("h{process}f{count}"));
        // Four addresses of a block that belongs to nobody (RFC 2544).
        let subnet = (process.wrapping_mul(8).wrapping_add(count) % 0x4000) * 4;
        let address = |host: u32| Ipv4Addr::from(u32::from(Ipv4Addr::new(198, 18, 0, 0)) + subnet + host);
        let network = Network {
            name: name.clone(),
            server: address(1),
            client: address(2),
        };
        let (server, client) = (format!("{}/30", network.server), format!("{}/30", network.client));
        for words in [
            format!("netns add {name}"),
            format!("link add {near} type veth peer name {far} netns {name}"),
            format!("address add {server} dev {near}"),
            format!("link set {near} up"),
            format!("-n {name} address add {client} dev {far}"),
            format!("-n {name} link set {far} up"),
            format!("-n {name} link set lo up"),
            // Firefox looks for its own address on the way to everywhere.
            format!("-n {name} route add default via {}", network.server),
        ] {
            ip(&words)?;
        }
        let names = format!("127.0.0.1 localhost\n{} {NAME}\n", network.server);
        std::fs::create_dir_all(network.folder())?;
        std::fs::write(network.folder().join("hosts"), names)?;
        Ok(network)
    }

    /// What `ip netns exec` lays over `/etc`.
    fn folder(&self) -> PathBuf {
        PathBuf::from("/etc/netns").join(&self.name)
    }

    /// Lets through only what `rules` of nftables accept, both ways; `lo` is free.
    ///
    /// # Errors
    /// `nft` is missing or does not understand them.
    pub fn filter(&self, rules: &[impl AsRef<str>]) -> Result<()> {
        let chain = |hook: &str, lo: &str| {
            let rules = rules
                .iter()
                .map(|rule| rule.as_ref())
                .collect::<Vec<_>>()
                .join("\n");
            format!(
                "chain {hook} {{ type filter hook {hook} priority 0; policy drop;\n{lo} \"lo\" accept\n{rules}\n}}\n"
            )
        };
        let table = format!(
            "flush ruleset\ntable inet filter {{\n{}{}}}\n",
            chain("input", "iifname"),
            chain("output", "oifname")
        );
        let mut nft = self.command("nft");
        let mut nft = nft
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .spawn()
            .context("nft starts")?;
        nft.stdin
            .take()
            .context("standard input")?
            .write_all(table.as_bytes())?;
        ensure!(nft.wait()?.success(), "nft refused {table}");
        Ok(())
    }

    /// A program that runs there.
    #[must_use]
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // Its interface goes with it, and the other end with that.
        let _ = ip(&format!("netns delete {}", self.name));
        let _ = std::fs::remove_dir_all(self.folder());
    }
}

fn ip(words: &str) -> Result<()> {
    let status = Command::new("ip")
        .args(words.split(' '))
        .status()
        .context("ip starts")?;
    ensure!(
        status.success(),
        "ip {words} failed: making networks needs the rights of root"
    );
    Ok(())
}
