//! SCP and SFTP.

use super::Text;

options! {
    /// Settings of SSH connections.
    pub struct SshOptions {
        /// `CURLOPT_SSH_AUTH_TYPES`, `CURLSSH_AUTH_*`.
        ssh_auth_types: u32 = u32::MAX,
        /// `CURLOPT_SSH_PUBLIC_KEYFILE`.
        ssh_public_keyfile: Option<Text> = None,
        /// `CURLOPT_SSH_PRIVATE_KEYFILE`.
        ssh_private_keyfile: Option<Text> = None,
        /// `CURLOPT_SSH_HOST_PUBLIC_KEY_MD5`: 32 hex digits.
        ssh_host_public_key_md5: Option<Text> = None,
        /// `CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256`: base64.
        ssh_host_public_key_sha256: Option<Text> = None,
        /// `CURLOPT_SSH_KNOWNHOSTS`.
        ssh_knownhosts: Option<Text> = None,
    }
}
