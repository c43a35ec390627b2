//! Settings of logs and traces. Each value is an environment variable (or a line in `.env`) and a flag of the
//! same name.

use clap::{Args, ValueEnum};

/// Format of logs, and destination of traces.
#[derive(Debug, Clone, Args)]
pub struct LogConfig {
    /// What is logged, such as `info` or `worker=debug,sqlx=warn`
    #[arg(long, env = "RUST_LOG", default_value = "info")]
    pub rust_log: String,
    /// How a line of the log looks
    #[arg(long, env = "LOG_FORMAT", default_value = "text")]
    pub log_format: LogFormat,
    /// Where traces go, over OTLP, such as `http://localhost:4318`; without it nothing is traced
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = http_url)]
    pub otel_exporter_otlp_endpoint: Option<String>,
    /// Colors of the log; a program that has a flag for them sets this.
    #[arg(skip)]
    pub colors: Colors,
}

/// When a program writes in colors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Colors {
    // on a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Colors {
    /// Whether what goes to a terminal, or not, is colored.
    pub fn apply(self, is_terminal: bool) -> bool {
        let is_refused = || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self {
            Self::Auto => is_terminal && !is_refused(),
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// The form of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

fn http_url(text: &str) -> Result<String, String> {
    if text.starts_with("http://") || text.starts_with("https://") {
        Ok(text.to_owned())
    } else {
        Err("must begin with http:// or https://".to_owned())
    }
}
