//! A token goes to the target's hosts and nowhere else, whatever an answer or a script says.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use keur::exchange::{AccessToken, Client, ClientSettings, TokenFuture, TokenSource, mark, origin};
use libtest_mimic::Failed;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::Test;
use crate::server::{request, status};

pub const TESTS: &[(&str, Test)] = &[
    ("a_redirect_is_not_followed", redirect),
    ("a_third_host_gets_no_authorization", third_host),
    ("a_script_that_follows_a_next_link_elsewhere_takes_no_token_there", next_link),
    ("a_refused_token_is_renewed_once", renewed),
];

const SECRET: &str = "s3cret-token-of-the-person";

/// A host that writes down what it is asked, and answers by path.
pub struct Host {
    pub url: String,
    pub seen: Arc<Mutex<Vec<String>>>,
}

impl Host {
    pub async fn start(answers: BTreeMap<&'static str, String>) -> Host {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(vec![]));
        let (log, own) = (seen.clone(), url.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (log, answers, own) = (log.clone(), answers.clone(), own.clone());
                tokio::spawn(async move {
                    let mut head = vec![];
                    while !head.windows(4).any(|w| w == b"\r\n\r\n") {
                        let mut buffer = [0; 4096];
                        match stream.read(&mut buffer).await {
                            Ok(count) if count > 0 => head.extend_from_slice(&buffer[..count]),
                            _ => return,
                        }
                    }
                    let head = String::from_utf8_lossy(&head).into_owned();
                    let path =
                        head.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
                    let first = log
                        .lock()
                        .map(|mut log| {
                            log.push(head);
                            log.len()
                        })
                        .unwrap_or_default();
                    let answer = answers.get(path.as_str()).cloned().unwrap_or_else(|| "404 Not Found\r\n\r\n".into());
                    let answer = answer
                        .replace("OWN", &own)
                        .replace("ONCE401", if first == 1 { "401 Unauthorized" } else { "200 OK" });
                    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
                    let answer =
                        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        Host { url, seen }
    }

    fn heads(&self) -> String {
        self.seen.lock().map(|seen| seen.join("\n")).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
struct Source(Mutex<u32>);

impl TokenSource for Source {
    fn token<'s>(&'s self, _: &'s str, refused: Option<&'s AccessToken>) -> TokenFuture<'s> {
        Box::pin(async move {
            let mut given = self.0.lock().map_err(|e| e.to_string())?;
            *given += 1;
            Ok(AccessToken::new(if refused.is_some() { format!("{SECRET}-renewed") } else { SECRET.to_owned() }))
        })
    }

    fn fields(&self, _: &str) -> Vec<(&'static str, String)> {
        vec![("X-Correlation-ID", "c".into())]
    }
}

fn client_for(target: &str) -> Client {
    Client::new(ClientSettings {
        tokens: Some(Arc::new(Source::default())),
        trusted: origin(target).map(|origin| vec![origin]),
        ..ClientSettings::default()
    })
}

fn answers(pairs: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
    pairs.iter().map(|(path, answer)| (*path, (*answer).to_owned())).collect()
}

fn redirect() -> Result<(), Failed> {
    crate::wait(async {
        let elsewhere = Host::start(BTreeMap::new()).await;
        let location = format!("302 Found\r\nLocation: {}/Patient\r\n\r\n", elsewhere.url);
        let target = Host::start(answers(&[("/Patient", &location)])).await;
        let bearer = format!("Bearer {}", mark("a"));
        let url = format!("{}/Patient", target.url);
        let exchange = client_for(&target.url).send(request("GET", &url, &[("Authorization", &bearer)], "")).await;
        assert_eq!(status(&exchange), 302);
        assert!(target.heads().contains(SECRET), "the target gets the token");
        assert_eq!(elsewhere.heads(), "", "nobody went elsewhere");
        Ok(())
    })
}

fn third_host() -> Result<(), Failed> {
    crate::wait(async {
        let ask = "401 Unauthorized\r\nWWW-Authenticate: Bearer realm=\"give\"\r\n\r\n";
        let elsewhere = Host::start(answers(&[("/Patient", ask)])).await;
        let client = client_for("http://127.0.0.1:9/fhir");
        let url = format!("{}/Patient", elsewhere.url);
        for value in [format!("Bearer {}", mark("a")), format!("Bearer {SECRET}")] {
            let headers =
                [("Authorization", value.as_str()), ("Cookie", SECRET), ("X-Api-Key", SECRET), ("Accept", "x")];
            let exchange = client.send(request("GET", &url, &headers, "")).await;
            assert_eq!(status(&exchange), 401);
        }
        let heads = elsewhere.heads().to_lowercase();
        assert!(
            !heads.contains(SECRET) && !heads.contains("authorization") && !heads.contains("keur:token"),
            "{heads}"
        );
        assert!(heads.contains("accept: x"), "the rest of the request is as it was");
        // Another port, and plain HTTP where the target has TLS, are other hosts too.
        let client = client_for(&elsewhere.url.replace("http:", "https:"));
        client.send(request("GET", &url, &[("Authorization", &format!("Bearer {}", mark("a")))], "")).await;
        assert!(!elsewhere.heads().contains(SECRET));
        Ok(())
    })
}

fn next_link() -> Result<(), Failed> {
    crate::wait(async {
        let bundle = |next: &str| {
            format!(
                "200 OK\r\nContent-Type: application/fhir+json\r\n\r\n{{\"resourceType\":\"Bundle\",\"type\":\"searchset\",\"link\":[{{\"relation\":\"next\",\"url\":\"{next}\"}}]}}"
            )
        };
        let elsewhere = Host::start(answers(&[("/page", &bundle("OWN/page"))])).await;
        let target = Host::start(answers(&[("/Observation", &bundle(&format!("{}/page", elsewhere.url)))])).await;
        let folder = tempfile::tempdir()?;
        let script = r#"resourceType: TestScript
id: leak
url: urn:keur:leak
name: leak
status: active
variable:
  - name: patient-token-a
  - name: next
    expression: Bundle.link.where(relation = 'next').url
    sourceId: first
test:
  - id: pages
    action:
      - operation:
          type: {code: search}
          resource: Observation
          responseId: first
          encodeRequestUrl: false
          requestHeader: [{field: Authorization, value: "${patient-token-a}"}]
      - operation:
          type: {code: search}
          url: "${next}"
          encodeRequestUrl: false
          requestHeader: [{field: Authorization, value: "${patient-token-a}"}]
"#;
        let path = folder.path().join("leak.yaml");
        std::fs::write(&path, script)?;
        let output = tokio::process::Command::new(env!("CARGO_BIN_EXE_keur"))
            .args(["run", "leak.yaml", "--target", &target.url, "--token", "a=env:TOKEN"])
            .env("TOKEN", SECRET)
            .current_dir(folder.path())
            .output()
            .await?;
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(target.heads().contains(SECRET), "the target gets the token: {said}");
        let heads = elsewhere.heads();
        assert!(heads.starts_with("GET /page"), "the next page was asked for: {said}");
        assert!(!heads.contains(SECRET) && !heads.to_lowercase().contains("authorization"), "{heads}");
        assert!(!said.contains(SECRET));
        Ok(())
    })
}

fn renewed() -> Result<(), Failed> {
    crate::wait(async {
        let target =
            Host::start(answers(&[("/Patient", "ONCE401\r\n\r\n"), ("/never", "401 Unauthorized\r\n\r\n")])).await;
        let bearer = format!("Bearer {}", mark("a"));
        let client = client_for(&target.url);
        let ask = |path: &str| {
            client.send(request("GET", &format!("{}{path}", target.url), &[("Authorization", &bearer)], ""))
        };
        let exchange = ask("/Patient").await;
        assert_eq!(status(&exchange), 200);
        let sent = exchange.request.headers.get("Authorization").map(str::to_owned);
        assert_eq!(sent, Some(format!("Bearer {SECRET}-renewed")), "the record has what was sent last");
        let exchange = ask("/never").await;
        assert_eq!(status(&exchange), 401);
        let heads = target.heads();
        assert_eq!(heads.matches("GET /never").count(), 2, "one more try, no loop");
        assert!(heads.contains("x-correlation-id: c"));
        Ok(())
    })
}
