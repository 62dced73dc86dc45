//! Transfers in `async` code, on a Tokio runtime of one thread; the body of each comes piece by
//! piece: `cargo run --features tokio --example tokio -- https://example.com/ https://example.org/`

use tress::future::Client;
use tress::{Easy, Multi};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (client, driver) = tress::future::tokio(Multi::new());
    let driver = tokio::spawn(driver);
    let mut tasks = Vec::new();
    for url in std::env::args().skip(1) {
        tasks.push(tokio::spawn(fetch(client.clone(), url)));
    }
    for task in tasks {
        let _ = task.await;
    }
    // The driver ends with the last client.
    drop(client);
    if let Ok(Err(error)) = driver.await {
        eprintln!("{error}");
    }
}

async fn fetch(client: Client, url: String) {
    match length(&client, &url).await {
        Ok((status, bytes)) => println!("{status} {bytes:8} bytes {url}"),
        Err(error) => println!("{url}: {error}"),
    }
}

async fn length(client: &Client, url: &str) -> tress::Result<(u32, usize)> {
    let mut download = client.open(Easy::get(url).redirects(10)).await?;
    let mut bytes = 0;
    while let Some(piece) = download.next().await {
        bytes += piece?.len();
    }
    Ok((download.status(), bytes))
}
