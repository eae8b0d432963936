//! Ways to run an exporter: with a runtime of its own, or within a program that has one.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::process::ExitCode;
use std::thread;

use actix_web::rt::System;
use clap::Args;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tracing::error;

use super::assembly::Assembly;
use super::command::Parsed;
use super::once::once;
use super::stdout::print;
use super::{Exporter, ExporterError, memory};
use crate::internals::catch;
use crate::server::log;
use crate::server::web_config::WebConfig;

impl<F: Args + 'static, S: Send + Sync + 'static> Exporter<F, S> {
    /// Runs until SIGTERM or SIGINT, with the flags of the command line, on a runtime of its own,
    /// and returns the exit status.
    ///
    /// The status is 0 after a signal, once requests under way are answered, which takes ten
    /// seconds at most; 1 for errors, which are logged; 2 for invalid flags. A second signal ends
    /// the exporter at once, with the status that a shell reports for a program killed by the
    /// signal: 143 for SIGTERM, 130 for SIGINT.
    ///
    /// A program that has a runtime, `#[tokio::main]` for example, awaits [`serve`](Self::serve)
    /// instead.
    #[must_use = "`main` returns the exit status"]
    pub fn run(self) -> ExitCode {
        self.run_from(std::env::args_os())
    }

    /// [Runs](Self::run) with another command line, which begins with the name of the program.
    #[must_use = "`main` returns the exit status"]
    pub fn run_from(
        self,
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> ExitCode {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let ran = match self.documents(&arguments) {
            Some(flags) => self.describe(&flags),
            None => match self.parse(arguments) {
                Ok(Some(parsed)) => self.run_parsed(parsed),
                Ok(None) => Ok(()),
                Err(error) => Err(ExporterError::Flags(error)),
            },
        };
        let Err(error) = ran else { return ExitCode::SUCCESS };
        error.report();
        ExitCode::from(error.exit_status())
    }

    fn run_parsed(self, parsed: Parsed<F>) -> Result<(), ExporterError> {
        log::init(&parsed.flags);
        if Handle::try_current().is_ok() {
            return Err(ExporterError::NestedRuntime);
        }
        memory::give_back();
        // Only a signal stops it.
        let (_stop, stopped) = oneshot::channel();
        self.block_on(parsed, stopped)
    }

    /// Serves until SIGTERM or SIGINT, with the flags of the command line, within a program that
    /// has a runtime already.
    ///
    /// It serves on a thread of its own, so that the future is `Send` and works on any runtime. If
    /// the future is dropped, as by `select!`, the exporter accepts no more requests, and ends once
    /// those under way are answered. Like [`run`](Self::run), it prints the output of `--help` and
    /// `--version`, and logs to standard error unless the program has set up a `tracing` subscriber
    /// before.
    ///
    /// Once it has started, SIGTERM and SIGINT no longer end the process by themselves, even after
    /// the exporter has stopped: a program that keeps running has to handle them itself. The same
    /// is true of SIGHUP if the exporter has a [configuration file](Self::with_config).
    ///
    /// ```no_run
    /// use hello_exporter::{Collector, Exporter, ExporterError, Gauge};
    ///
    /// #[derive(Collector)]
    /// struct Hello {
    ///     /// Display a.
    ///     #[metric]
    ///     a: Gauge,
    /// }
    ///
    /// #[tokio::main]
    /// async fn main() -> Result<(), ExporterError> {
    ///     let exporter = Exporter::new("my_service").register(Hello::new());
    ///     tokio::select! {
    ///         served = exporter.serve() => served,
    ///         () = work() => Ok(()),
    ///     }
    /// }
    ///
    /// /// The work of the program.
    /// async fn work() {
    ///     // …
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns an error if the exporter could not start, because of invalid flags for example, if
    /// its server failed, or if a second signal ended it before all requests were answered.
    pub fn serve(self) -> impl Future<Output = Result<(), ExporterError>> + Send + 'static {
        self.serve_from(std::env::args_os())
    }

    /// [Serves](Self::serve) with another command line, which begins with the name of the program:
    /// for a program whose own flags are not the exporter's.
    ///
    /// ```no_run
    /// # use hello_exporter::{Exporter, ExporterError};
    /// # async fn main_of_service() -> Result<(), ExporterError> {
    /// let arguments = ["my_service", "--web.listen-address=127.0.0.1:9000"];
    /// Exporter::new("my_service").serve_from(arguments).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the errors of [`serve`](Self::serve).
    pub fn serve_from(
        self,
        arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    ) -> impl Future<Output = Result<(), ExporterError>> + Send + 'static {
        let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        async move {
            // Each end of these channels notices when the other end is dropped.
            let (_stop, stopped) = oneshot::channel();
            let (end, ended) = oneshot::channel();
            let serve = move || {
                let _ = end.send(self.serve_until(arguments, stopped));
            };
            let thread = thread::Builder::new().name("exporter".to_owned());
            thread.spawn(serve).map_err(|error| cannot_start("thread", &error))?;
            ended.await.unwrap_or_else(|_| {
                Err(ExporterError::Serve(io::Error::other("the exporter's thread panicked")))
            })
        }
    }

    fn serve_until(
        self,
        arguments: Vec<OsString>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), ExporterError> {
        if let Some(flags) = self.documents(&arguments) {
            return self.describe(&flags);
        }
        match self.parse(arguments) {
            Ok(Some(parsed)) => {
                log::init(&parsed.flags);
                self.block_on(parsed, stopped)
            }
            Ok(None) => Ok(()),
            Err(error) if error.use_stderr() => Err(ExporterError::Flags(error)),
            Err(help) => {
                let _ = help.print();
                Ok(())
            }
        }
    }

    /// Blocks the thread until a signal ends the exporter, or the sender of `stopped` is dropped.
    fn block_on(
        mut self,
        parsed: Parsed<F>,
        stopped: oneshot::Receiver<()>,
    ) -> Result<(), ExporterError> {
        // The authors' functions may block on futures: no runtime drives this thread yet.
        let assembly = self.assemble(&parsed)?;
        if parsed.flags.config_check {
            return report_check(&parsed, &assembly);
        }
        // `System::new` panics if it cannot start a runtime.
        let system = catch(System::new).map_err(|panic| cannot_start("runtime", &panic))?;
        match &parsed.flags.once {
            Some(file) => system.block_on(once(assembly, file)),
            None => system.block_on(self.serve_parsed(assembly, parsed, stopped)),
        }
    }
}

fn cannot_start(part: &str, error: &dyn fmt::Display) -> ExporterError {
    ExporterError::Serve(io::Error::other(format!("cannot start its {part}: {error}")))
}

/// Checks the web configuration file, and prints what is valid.
fn report_check<F>(parsed: &Parsed<F>, assembly: &Assembly) -> Result<(), ExporterError> {
    let web_config = parsed.flags.web_config_file();
    web_config.map_or(Ok(()), WebConfig::check)?;
    let config = assembly.config.as_ref().and_then(|config| config.config.path.as_deref());
    let files: Vec<String> =
        config.into_iter().chain(web_config).map(|file| file.display().to_string()).collect();
    let valid = match &*files {
        [] => "the flags".to_owned(),
        [file] => format!("the flags and {file}"),
        [first, second, ..] => format!("the flags, {first} and {second}"),
    };
    print(format!("{valid} are valid\n").as_bytes())
}

impl ExporterError {
    /// Reports the error: invalid flags and `--help` on the terminal, others in the log. The server
    /// has logged a second signal already.
    fn report(&self) {
        match self {
            Self::Flags(error) => {
                let _ = error.print();
            }
            Self::Interrupted { .. } => {}
            _ => self.messages().iter().for_each(|message| error!("{message}")),
        }
    }
}
