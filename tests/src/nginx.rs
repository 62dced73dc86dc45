//! A private nginx.
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

/// An nginx with a configuration of its own, ended with the value.
#[derive(Debug)]
pub struct Nginx {
    /// Its files: `conf`, `error`, and what it serves.
    pub dir: PathBuf,
}

impl Nginx {
    /// Starts it with these lines of the `http` block, in which `DIR` is its directory.
    pub fn start(http: &str) -> Nginx {
        let nginx = Nginx { dir: crate::scratch("nginx") };
        let d = nginx.dir.display();
        let conf = format!(
            "pid {d}/pid; error_log {d}/error; events {{ }} http {{ access_log off; \
             client_body_temp_path {d}/a; proxy_temp_path {d}/b; fastcgi_temp_path {d}/c; \
             uwsgi_temp_path {d}/d; scgi_temp_path {d}/e; {} }}",
            http.replace("DIR", &d.to_string())
        );
        std::fs::write(nginx.dir.join("conf"), conf).expect("conf");
        let mut command = Command::new("nginx");
        command.arg("-c").arg(nginx.dir.join("conf")).arg("-p").arg(&nginx.dir);
        command.arg("-e").arg(nginx.dir.join("error"));
        let out = command.output().expect("nginx runs");
        assert!(out.status.success(), "nginx: {}", String::from_utf8_lossy(&out.stderr));
        nginx
    }

    fn pid(&self) -> Option<i32> {
        std::fs::read_to_string(self.dir.join("pid")).ok()?.trim().parse().ok()
    }
}

impl Drop for Nginx {
    /// Ends it, and waits until its ports are free.
    fn drop(&mut self) {
        let Some(pid) = self.pid() else { return };
        // SAFETY: plain calls; the process is the one that was started here.
        unsafe { libc::kill(pid, libc::SIGTERM) };
        let end = Instant::now() + Duration::from_secs(5);
        // One that has ended, but that nobody has waited for, has no command line any more.
        let command_line = format!("/proc/{pid}/cmdline");
        while std::fs::read(&command_line).is_ok_and(|text| !text.is_empty())
            && Instant::now() < end
        {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}
