//! Downloads every URL of the command line at once, on this one thread:
//! `cargo run --example many -- https://example.com/ https://example.org/`

use std::time::Duration;

use tress::{Easy, Multi};

fn main() -> std::io::Result<()> {
    let mut multi = Multi::new();
    multi.max_host_connections(6);
    for url in std::env::args().skip(1) {
        multi.add(Easy::get(&url).redirects(10).accept_compressed());
    }
    while multi.running() > 0 {
        multi.turn(Duration::from_secs(1))?;
        while let Some(done) = multi.next_done() {
            let url = done.partial().url();
            match done.result() {
                Ok(response) => {
                    println!("{} {:8} bytes {url}", response.status(), response.body().len());
                }
                Err(error) => println!("{url}: {error}"),
            }
        }
    }
    Ok(())
}
