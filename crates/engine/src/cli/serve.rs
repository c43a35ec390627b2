//! The settings of an embedded engine.

use clap::{ArgMatches, Args, Command, FromArgMatches, Parser};
use infra::config::BackendConfig;
use telemetry::LogConfig;
use venues::VenueConfig;
use worker::WorkerConfig;

/// Everything an embedded engine is configured by.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten, next_help_heading = "Storage")]
    pub(crate) backend: BackendConfig,
    #[command(flatten, next_help_heading = "API")]
    pub(crate) api: api::ApiConfig,
    #[command(flatten, next_help_heading = "Worker")]
    pub(crate) worker: WorkerConfig,
    #[command(flatten, next_help_heading = "Simulation")]
    pub(crate) venues: VenueConfig,
    #[command(flatten, next_help_heading = "Logging")]
    pub(crate) log: LogConfig,
    /// Ask the engine that already runs with these settings whether it is ready, and exit: the health check of
    /// a container
    #[arg(long, help_heading = "Other")]
    pub(crate) check: bool,
}

impl ServeArgs {
    /// The settings of the environment and `.env`, without any flag.
    ///
    /// # Errors
    /// When one of them is wrong.
    pub(crate) fn from_environment() -> anyhow::Result<Self> {
        #[derive(Parser)]
        struct Environment {
            #[command(flatten)]
            serve: ServeArgs,
        }
        Ok(process::settings::from_environment::<Environment>()?.serve)
    }
}

/// Arguments that a command takes and its help leaves to `engine serve --help`.
#[derive(Debug, Clone)]
pub(crate) struct Hidden<T>(pub(crate) T);

impl<T: Args> Args for Hidden<T> {
    fn augment_args(command: Command) -> Command {
        let own = T::augment_args(Command::new("settings"));
        let hidden = own.get_arguments().map(|argument| argument.clone().hide(true));
        command.args(hidden.collect::<Vec<_>>())
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<T: FromArgMatches> FromArgMatches for Hidden<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        T::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0.update_from_arg_matches(matches)
    }
}
