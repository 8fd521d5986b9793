//! What can go wrong in starting and steering a simulator.

use std::{error, fmt, io};

/// Why a simulator did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The port could not be opened, or the thread not be started.
    Io(io::Error),
    /// A setting makes no sense.
    Setting(ControlError),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StartError::Io(source) => write!(f, "the simulator cannot listen: {source}"),
            StartError::Setting(source) => write!(f, "the simulator cannot start: {source}"),
        }
    }
}

impl error::Error for StartError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            StartError::Io(source) => Some(source),
            StartError::Setting(source) => Some(source),
        }
    }
}

impl From<io::Error> for StartError {
    fn from(source: io::Error) -> Self {
        StartError::Io(source)
    }
}

impl From<ControlError> for StartError {
    fn from(source: ControlError) -> Self {
        StartError::Setting(source)
    }
}

/// An instruction to the simulator that makes no sense; its text says what is wrong and what to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlError {
    message: String,
}

impl ControlError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into() }
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl error::Error for ControlError {}
