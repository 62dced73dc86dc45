//! Fetches with isahc, whose agent drives a multi handle on a thread of its own: many requests at
//! once over HTTP/2, an upload from a reader, a body that is dropped half read.
//!
//! `isahc HTTPS-BASE CAFILE HTTP-BASE`

use std::io::Read;

use isahc::http::Version;
use isahc::prelude::*;
use isahc::tls::{TlsConfig, TrustStore};
use isahc::{AsyncBody, Body, HttpClient, Request};

type Error = Box<dyn std::error::Error>;

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [tls, ca, plain] = arguments.as_slice() else {
        return Err("isahc HTTPS-BASE CAFILE HTTP-BASE".into());
    };
    println!("{}", isahc::version().contains("Tress/"));
    let trust = TrustStore::from_file(ca);
    let client = HttpClient::builder()
        .tls_config(TlsConfig::builder().trust_store(trust).build())
        .build()?;
    many_at_once(&client, tls)?;
    upload(&client, plain)?;
    dropped_half_read(&client, plain)?;
    untrusted(tls);
    Ok(())
}

/// Twenty futures of the agent, then all their answers.
fn many_at_once(client: &HttpClient, base: &str) -> Result<(), Error> {
    let futures: Vec<_> = (0..20).map(|_| client.get_async(format!("{base}/large"))).collect();
    for future in futures {
        let mut response: isahc::http::Response<AsyncBody> = futures_lite::future::block_on(future)?;
        let body = futures_lite::future::block_on(response.bytes())?;
        assert_eq!((response.version(), body.len()), (Version::HTTP_2, 300_000));
    }
    println!("many at once");
    Ok(())
}

/// A body whose length is not known.
fn upload(client: &HttpClient, base: &str) -> Result<(), Error> {
    let body = Body::from_reader(std::io::repeat(b'x').take(200_000));
    let mut response = client.send(Request::post(format!("{base}/sink")).body(body)?)?;
    println!("{}", response.text()?.split(',').next().unwrap_or_default());
    Ok(())
}

/// What is left of the body is not waited for, and the client goes on.
fn dropped_half_read(client: &HttpClient, base: &str) -> Result<(), Error> {
    let mut response = client.get(format!("{base}/slow/1000/50"))?;
    let mut start = [0; 100];
    response.body_mut().read_exact(&mut start)?;
    drop(response);
    println!("{} after a dropped one", client.get(format!("{base}/bytes/5"))?.text()?.len());
    Ok(())
}

fn untrusted(base: &str) {
    match isahc::get(format!("{base}/large")) {
        Ok(response) => println!("trusted: {}", response.status()),
        Err(error) => println!("untrusted: {}", error.is_tls()),
    }
}
