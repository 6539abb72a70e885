//! A headless Chromium, spoken to over its pipe (`--remote-debugging-pipe`: JSON, each message ended by a
//! zero byte), so that no port is opened and no crate is needed.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use libtest_mimic::Failed;
use serde_json::{Value, json};

/// A browser with one page.
pub struct Chromium {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: String,
    last: u64,
    /// Everything that happened and was not an answer.
    events: Vec<Value>,
}

impl Chromium {
    /// Starts one with a page of this size.
    pub fn start(width: u32, height: u32) -> Result<Chromium, Failed> {
        let browser = std::env::var("KEUR_CHROMIUM").unwrap_or_else(|_| "chromium".into());
        let profile = tempfile::tempdir()?;
        // It reads from 3 and writes to 4; the shell puts them where we can reach them.
        let line = "exec \"$0\" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir=\"$1\" \
                    --remote-debugging-pipe about:blank 3<&0 4>&1 2>/dev/null";
        let mut process = Command::new("sh")
            .args(["-c", line, &browser])
            .arg(profile.keep())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?);
        let mut chromium = Chromium { process, input, output, session: String::new(), last: 0, events: vec![] };
        let targets = chromium.call("Target.getTargets", json!({}))?;
        let pages = targets["targetInfos"].as_array().into_iter().flatten();
        let page = pages.filter(|target| target["type"] == "page").find_map(|target| target["targetId"].as_str());
        let page = page.ok_or("the browser has no page")?.to_owned();
        let attached = chromium.call("Target.attachToTarget", json!({"targetId": page, "flatten": true}))?;
        chromium.session = attached["sessionId"].as_str().ok_or("no session")?.to_owned();
        for domain in ["Network", "Runtime", "Log", "Page"] {
            chromium.call(&format!("{domain}.enable"), json!({}))?;
        }
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        chromium.call("Emulation.setDeviceMetricsOverride", metrics)?;
        Ok(chromium)
    }

    fn receive(&mut self) -> Result<Value, Failed> {
        let mut bytes = vec![];
        self.output.read_until(0, &mut bytes)?;
        if bytes.pop() != Some(0) {
            return Err("the browser went away".into());
        }
        Ok(serde_json::from_slice(&bytes)?)
    }

    /// Asks for something and waits for the answer.
    pub fn call(&mut self, method: &str, params: Value) -> Result<Value, Failed> {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": params});
        if !self.session.is_empty() {
            message["sessionId"] = self.session.as_str().into();
        }
        self.input.write_all(format!("{message}\0").as_bytes())?;
        loop {
            let answer = self.receive()?;
            match (answer["id"].as_u64(), answer.get("error")) {
                (Some(id), Some(error)) if id == self.last => return Err(format!("{method}: {error}").into()),
                (Some(id), None) if id == self.last => return Ok(answer["result"].clone()),
                _ => self.events.push(answer),
            }
        }
    }

    /// Opens a file and waits until it has loaded.
    pub fn open(&mut self, file: &Path) -> Result<(), Failed> {
        self.go(&format!("file://{}", file.display()))
    }

    /// Opens a page of a server and waits until it has loaded.
    pub fn go(&mut self, url: &str) -> Result<(), Failed> {
        self.events.clear();
        self.call("Page.navigate", json!({"url": url}))?;
        while !self.events.iter().any(|event| event["method"] == "Page.loadEventFired") {
            let event = self.receive()?;
            self.events.push(event);
        }
        Ok(())
    }

    /// The value of an expression; a promise is waited for.
    pub fn value(&mut self, expression: &str) -> Result<Value, Failed> {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let result = self.call("Runtime.evaluate", params)?;
        match result.get("exceptionDetails") {
            Some(details) => Err(format!("{expression}: {details}").into()),
            None => Ok(result["result"]["value"].clone()),
        }
    }

    /// Whatever the console complains about.
    pub fn said(&self) -> Vec<String> {
        let said = self.events.iter().filter(|event| {
            let method = event["method"].as_str().unwrap_or_default();
            matches!(method, "Runtime.exceptionThrown" | "Log.entryAdded" | "Runtime.consoleAPICalled")
        });
        said.map(ToString::to_string).collect()
    }

    /// Requests beside the page itself, and whatever the console complains about.
    pub fn complaints(&self) -> Vec<String> {
        let requests = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let urls = requests.filter_map(|event| event["params"]["request"]["url"].as_str());
        let beyond = urls.filter(|url| !url.starts_with("data:")).skip(1).map(|url| format!("request: {url}"));
        beyond.chain(self.said()).collect()
    }

    /// The base64 of a picture of what is seen.
    pub fn picture(&mut self) -> Result<String, Failed> {
        let shot = self.call("Page.captureScreenshot", json!({"format": "png"}))?;
        Ok(shot["data"].as_str().unwrap_or_default().to_owned())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
