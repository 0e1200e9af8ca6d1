//! HTTP as values: what is to be sent, and what came of it. Whoever owns the network carries one
//! into the other.

use domain::provider::Unclear;

/// A request to be sent by POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Absolute address.
    pub url: String,
    /// Names and values, to be sent as they are.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, signed: not a byte of it may change on the way.
    pub body: Vec<u8>,
}

/// A whole HTTP answer.
///
/// Its content type is of no interest: what does not carry a valid checksum is not believed,
/// whatever it calls itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// HTTP status code.
    pub status: u16,
    /// The body as it came.
    pub body: &'a [u8],
}

/// Why there is no whole answer. The difference decides nothing; it tells an operator whose
/// network to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No byte of the request can have arrived: name resolution, connection or TLS failed.
    #[error("the request was not sent")]
    NotSent,
    /// Something was sent, and no whole answer came in time.
    #[error("no whole answer came")]
    NoAnswer,
}

impl From<TransportError> for Unclear {
    fn from(error: TransportError) -> Self {
        match error {
            TransportError::NotSent => Self::NotSent,
            TransportError::NoAnswer => Self::NoAnswer,
        }
    }
}

/// What came of a [`Request`].
pub type Reply<'a> = Result<Answer<'a>, TransportError>;
