//! A real browser, controlled through the [DevTools
//! protocol](https://chromedevtools.github.io/devtools-protocol/).

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// A running Chromium with one page, killed when it is dropped.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    requests: File,
    messages: Receiver<Value>,
    events: Vec<Value>,
    session: Option<String>,
    last: u64,
    directory: TempDir,
}

/// The screen that shows a page.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Width in CSS pixels.
    pub width: u32,
    /// Height in CSS pixels.
    pub height: u32,
    /// Whether it is the screen of a phone.
    pub is_mobile: bool,
    /// The reader's preferred color scheme: `light` or `dark`.
    pub scheme: &'static str,
}

/// Arguments for a browser without a window, which sends no requests of its own.
const ARGUMENTS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];

impl Browser {
    /// Starts a browser with a profile of its own, and waits until it responds.
    pub fn start() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let [to, from] = ["to", "from"].map(|name| directory.path().join(name));
        let made = Command::new("mkfifo").args([&to, &from]).status().expect("mkfifo runs");
        assert!(made.success());
        // Opening a pipe for writing alone would block until the browser opens it for reading.
        let requests = OpenOptions::new().read(true).write(true).open(&to).expect("a pipe");
        let child = spawn(&directory, &to, &from);
        let results = BufReader::new(File::open(&from).expect("a pipe"));
        let messages = messages(results);
        let (events, session) = (Vec::new(), None);
        let mut browser = Self { child, requests, messages, events, session, last: 0, directory };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", json!({"url": "about:blank"}));
        let target = &target["targetId"];
        let session =
            self.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        self.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Log", "Runtime", "Network"] {
            self.call(&format!("{domain}.enable"), json!({}));
        }
    }

    /// Opens a page on a screen, and waits until it has loaded.
    pub fn open(&mut self, url: &str, screen: Screen) {
        let Screen { width, height, is_mobile, scheme } = screen;
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_mobile});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
        self.events.clear();
        self.call("Page.navigate", json!({"url": url}));
        self.wait_until_loaded();
    }

    /// Runs a script that opens another page, waits until it has loaded, and returns its address.
    pub fn follow(&mut self, script: &str) -> String {
        self.events.clear();
        self.evaluate(script);
        self.wait_until_loaded();
        self.evaluate("location.href").as_str().expect("an address").to_owned()
    }

    fn wait_until_loaded(&mut self) {
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.next();
            self.events.push(event);
        }
    }

    /// Returns the value of a JavaScript expression on the page.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let arguments =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", arguments);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// Returns the console messages since the page was opened, including violations of its content
    /// security policy.
    pub fn console(&mut self) -> Vec<String> {
        // The messages so far arrive before the response to this.
        self.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))");
        let text = |event: &Value| match event["method"].as_str()? {
            "Log.entryAdded" => event["params"]["entry"]["text"].as_str().map(str::to_owned),
            "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" => {
                Some(event["params"].to_string())
            }
            _ => None,
        };
        self.events.iter().filter_map(text).collect()
    }

    /// Returns the URLs that the browser has requested since the page was opened.
    pub fn requests(&self) -> Vec<String> {
        let sent = self.events.iter().filter(|it| it["method"] == "Network.requestWillBeSent");
        let urls = sent.filter_map(|event| event["params"]["request"]["url"].as_str());
        urls.map(str::to_owned).collect()
    }

    /// Returns a picture of the whole page, as PNG in base64.
    pub fn screenshot(&mut self) -> String {
        let arguments = json!({"format": "png", "captureBeyondViewport": true});
        let result = self.call("Page.captureScreenshot", arguments);
        result["data"].as_str().expect("a picture").to_owned()
    }

    /// Sends a command and waits for its result.
    fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let mut request = json!({"id": self.last, "method": method, "params": params});
        if let Some(session) = &self.session {
            request["sessionId"] = json!(session);
        }
        // A message ends with a zero byte.
        write!(self.requests, "{request}\0").expect("the browser reads");
        loop {
            let message = self.next();
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.events.push(message);
        }
    }

    fn next(&mut self) -> Value {
        self.messages.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|error| {
            let log = std::fs::read_to_string(self.directory.path().join("log"));
            panic!("chromium does not respond ({error}; tests/run installs it), its log: {log:?}")
        })
    }
}

/// Starts the browser from a shell, which opens descriptor 3 for the commands and 4 for the
/// results.
fn spawn(directory: &TempDir, to: &Path, from: &Path) -> Child {
    let log = File::create(directory.path().join("log")).expect("a file");
    Command::new("sh")
        .args(["-c", "exec chromium \"$@\" 3<\"$TO\" 4>\"$FROM\"", "sh"])
        .args(ARGUMENTS)
        .arg(format!("--user-data-dir={}", directory.path().join("profile").display()))
        .env("TO", to)
        .env("FROM", from)
        .env("HOME", directory.path())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("sh runs")
}

/// Reads messages on a thread, so that waiting for one can time out.
fn messages(results: BufReader<File>) -> Receiver<Value> {
    let (sender, messages) = mpsc::channel();
    thread::spawn(move || {
        for message in results.split(0).map_while(Result::ok) {
            let message = serde_json::from_slice(&message).expect("a message in JSON");
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    messages
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
