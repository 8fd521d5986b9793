//! The simulator as a program: `wechat-simulator --port 8900 --app APPID:SECRET`.

mod args;

use std::io::{self, Write};
use std::process::ExitCode;

use args::{Args, Order};
use wechat_simulator::Simulator;

/// What a wrong command line ends with.
const USAGE_ERROR: u8 = 2;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = match Args::parse(lexopt::Parser::from_env()) {
        Ok(Order::Run(args)) => args,
        Ok(Order::Print(text)) => return print(text),
        Err(error) => {
            complain(&format!("{error}\nwechat-simulator --help tells more"));
            return ExitCode::from(USAGE_ERROR);
        }
    };
    match run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    // Asked for before the address is printed, so that whoever has read it can end the program.
    let end = end_signal()?;
    let mut builder = Simulator::builder().port(args.port).clock(args.clock);
    if let Some(bytes) = args.body_limit {
        builder = builder.body_limit(bytes);
    }
    for app in args.apps {
        builder = builder.with_app(app);
    }
    for component in args.components {
        builder = builder.with_component(component);
    }
    let sim = builder.start().await?;
    writeln!(io::stdout(), "listening on {}", sim.base_url())?;
    end.await;
    sim.stop().await;
    Ok(())
}

/// Ends with Ctrl-C, or when the system asks the program to end.
#[cfg(unix)]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends with Ctrl-C.
#[cfg(not(unix))]
fn end_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without the signal there is no other end than the system's.
        let _ = tokio::signal::ctrl_c().await;
    })
}

fn print(text: &str) -> ExitCode {
    match writeln!(io::stdout(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn complain(message: &str) {
    // Nobody to tell if even this fails.
    let _ = writeln!(io::stderr(), "wechat-simulator: {message}");
}
