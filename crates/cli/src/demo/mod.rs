//! stub
use clap::Args;
use std::process::ExitCode;
#[derive(Args, Debug)]
pub struct DemoArgs {}
#[derive(Args, Debug)]
pub struct ClientArgs {}
pub fn demo(_: &DemoArgs) -> Result<ExitCode, String> {
    Err(String::new())
}
pub fn server() -> Result<ExitCode, String> {
    Err(String::new())
}
pub fn client(_: &ClientArgs) -> Result<ExitCode, String> {
    Err(String::new())
}
