//! What the engine asks of a GSS-API library (RFC 2743), which its driver brings.

/// A library that makes security contexts. The engine calls it in worker threads: it may block,
/// for a ticket say.
pub trait Security: Sync {
    /// Is the library there?
    fn is_available(&self) -> bool;

    /// A new context with a service, as its initiator; nothing happens yet.
    fn context(&self, peer: SecurityPeer) -> Box<dyn SecurityContext>;
}

/// A security context that is being established.
pub trait SecurityContext: Send {
    /// Takes the peer's token (empty at first) and makes the next one.
    ///
    /// # Errors
    /// What the library says, in words.
    fn step(&mut self, token: &[u8]) -> Result<SecurityStep, String>;

    /// Wraps a short message for the peer of an established context, without making it
    /// confidential. Called on the engine's own thread.
    ///
    /// # Errors
    /// What the library says, in words.
    fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, String>;

    /// Unwraps a message of the peer's. Called on the engine's own thread.
    ///
    /// # Errors
    /// What the library says, in words: it is not the peer's, or was changed on its way.
    fn unwrap(&mut self, message: &[u8]) -> Result<Vec<u8>, String>;
}

/// By what the two prove themselves to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mechanism {
    /// SPNEGO (RFC 4178), which agrees on one.
    #[default]
    Negotiate,
    /// Kerberos (RFC 4121).
    Kerberos,
}

/// With whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityPeer {
    /// By what.
    pub mechanism: Mechanism,
    /// The service, `HTTP` unless the settings say otherwise; one with a slash is a whole principal of
    /// Kerberos and `host` is of no interest.
    pub service: Vec<u8>,
    /// Its host.
    pub host: Vec<u8>,
    /// `CURLOPT_GSSAPI_DELEGATION`.
    pub delegation: u8,
    /// What binds the context to the TLS connection below (RFC 5929); empty: nothing.
    pub channel_binding: Vec<u8>,
}

/// What a step came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecurityStep {
    /// The token to send.
    pub token: Vec<u8>,
    /// The initiator's part is done.
    pub complete: bool,
    /// What a complete context can do for messages: 2 make them confidential, 1 guard them against
    /// changes, 0 nothing.
    pub protection: u8,
}
