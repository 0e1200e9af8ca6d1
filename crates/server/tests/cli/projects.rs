//! Projects, the configuration and what a wrong command line is told.

use anyhow::Result;
use serde_json::{Value, json};

use crate::world::{Folder, masked};

#[test]
fn projects_are_made_listed_shown_and_changed() -> Result<()> {
    let folder = Folder::new()?;
    let create = ["project", "create", "Tea shop", "--paytm-mid", "TEASHO00000000000001"];
    let more = ["--paytm-key", "0123456789abcdef", "--callback-url", "https://tea.example/paid/"];
    let made = folder.run(&[create.as_slice(), &more].concat())?;
    insta::assert_snapshot!(masked(&made.stdout));
    assert_eq!((made.code, made.stderr.as_str()), (0, ""));

    insta::assert_snapshot!(folder.run(&["project", "list"])?.stdout);
    insta::assert_snapshot!(masked(&folder.run(&["project", "show"])?.stdout));

    let changes = ["--limit-minutes", "30", "--late-success", "promote", "--sale-max", "100000"];
    let set = folder.run(&[["project", "set", "1"].as_slice(), &changes].concat())?;
    insta::assert_snapshot!(masked(&set.stdout));
    Ok(())
}

#[test]
fn looks_are_set_shown_and_taken_away() -> Result<()> {
    let folder = Folder::with_project()?;
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1 1\"/>";
    std::fs::write(folder.path().join("logo.png"), svg)?;
    let set = |flags: &[&str]| folder.run(&[["project", "set", "200"].as_slice(), flags].concat());

    let looks = ["--display-name", "Tea & Co", "--logo", "logo.png", "--accent", "#0a7c42"];
    insta::assert_snapshot!(masked(
        &set(&[looks.as_slice(), &["--page-attempts", "5"]].concat())?.stdout
    ));
    let shown = folder.run(&["project", "show", "--json"])?.json()?;
    let base64 = "PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAxIDEiLz4=";
    let branding = json!({
        "display_name": "Tea & Co",
        "logo_url": format!("data:image/svg+xml;base64,{base64}"),
        "accent": "#0a7c42",
    });
    assert_eq!(shown.get("branding"), Some(&branding));
    assert_eq!(shown.get("page_attempts"), Some(&Value::from(5)));

    set(&["--logo", "https://cdn.example/logo.png"])?;
    let shown = folder.run(&["project", "show"])?.stdout;
    assert!(shown.contains("  Logo          https://cdn.example/logo.png\n"), "{shown}");

    let gone = set(&["--display-name", "none", "--logo", "none", "--accent", "none", "--json"])?;
    let none = json!({"display_name": null, "logo_url": null, "accent": null});
    assert_eq!(gone.json()?.get("branding"), Some(&none));
    assert_eq!(gone.json()?.get("page_attempts"), Some(&Value::from(5)));
    Ok(())
}

#[test]
fn a_rotated_key_leaves_the_one_before_it_in_force() -> Result<()> {
    let folder = Folder::with_project()?;
    let request = r#"{"general":{"project_id":200,"payment_id":"1"}}"#;
    let before = folder.run_with(request, &["sign", "--signed"])?.stdout;

    let rotated = folder.run(&["project", "rotate-key", "--json"])?;
    let secret: Value = serde_json::from_str(&rotated.stdout)?;
    let after = folder.run_with(request, &["sign", "--signed"])?.stdout;
    assert_ne!(before, after);
    assert_eq!(folder.run_with(&before, &["verify"])?.code, 0);
    assert_eq!(folder.run_with(&after, &["verify"])?.code, 0);

    let shown = folder.run(&["project", "show", "--secrets", "--json"])?;
    let shown: Value = serde_json::from_str(&shown.stdout)?;
    assert_eq!(shown.pointer("/secrets/0/secret"), secret.get("secret"));
    assert_eq!(shown.pointer("/secrets/1/secret"), Some(&Value::from("secret")));

    folder.run(&["project", "rotate-key"])?;
    assert_eq!(folder.run_with(&before, &["verify"])?.code, 1);
    Ok(())
}

#[test]
fn the_secrets_open_with_their_master_key_only() -> Result<()> {
    let folder = Folder::with_project()?;
    let key = folder.path().join("dwar.db.key");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name| -> Result<u32> {
            Ok(folder.path().join(name).metadata()?.permissions().mode() & 0o777)
        };
        assert_eq!((mode("dwar.db.key")?, mode("dwar.db")?), (0o600, 0o600));
    }
    std::fs::rename(&key, folder.path().join("copy"))?;
    let lost = folder.run(&["project", "show"])?;
    assert_eq!(lost.code, 1);
    assert!(lost.stderr.starts_with("dwar: the master key dwar.db.key is missing"), "{lost:?}");
    assert!(!key.exists());

    std::fs::write(&key, "00".repeat(32))?;
    let wrong = folder.run(&["project", "show"])?;
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("sealed with another master key"), "{wrong:?}");
    Ok(())
}

#[test]
fn what_is_wrong_is_told_in_one_line_with_its_exit_code() -> Result<()> {
    let folder = Folder::with_project()?;
    std::fs::write(folder.path().join("bad.toml"), "[log]\nlevel = 'loud'\n")?;
    let cases: [(&[&str], i32, &str); 14] = [
        (&["project", "show", "7"], 1, "there is no project 7; see `dwar project list`"),
        (&["project", "set", "200"], 2, "nothing changes; see `dwar project set --help`"),
        (&["project", "create", "Other"], 2, "--paytm-mid is missing: the merchant id of the"),
        (&["project", "create", "Other", "--paytm-mid", "M"], 2, "--paytm-key or --paytm-key-file"),
        (
            &["project", "create", "Other", "--paytm-mid", "M", "--paytm-key", "short"],
            2,
            "the Paytm key: a merchant key has 16, 24 or 32 bytes, this one has 5",
        ),
        (
            &["project", "set", "200", "--paytm-key-file", "none"],
            1,
            "cannot read none: No such file or directory",
        ),
        (&["project", "set", "200", "--sale-min", "9999999"], 0, ""),
        (
            &["project", "set", "200", "--sale-max", "1"],
            2,
            "the smallest sale would be larger than the largest",
        ),
        (&["payment", "show", "1"], 1, "project 200 has no payment 1"),
        (&["payment", "show", "1", "--project", "7"], 1, "there is no project 7"),
        (&["refund", "1"], 1, "project 200 has no payment 1"),
        (&["audit", "--database", "none.db"], 1, "there is no database none.db; name another one"),
        (
            &["project", "list", "--config", "bad.toml"],
            2,
            "bad.toml:2: log.level = \"loud\": expected error, warn",
        ),
        (&["project", "list", "--config", "none.toml"], 2, "none.toml: No such file or directory"),
    ];
    for (arguments, code, message) in cases {
        let ran = folder.run(arguments)?;
        assert_eq!(ran.code, code, "{arguments:?}: {ran:?}");
        let expected = if code == 0 { String::new() } else { format!("dwar: {message}") };
        assert!(ran.stderr.starts_with(&expected), "{arguments:?}: {ran:?}");
        assert_eq!(ran.stderr.lines().count(), usize::from(code != 0), "{arguments:?}: {ran:?}");
    }
    assert!(!folder.path().join("none.db").exists());
    Ok(())
}

#[test]
fn values_of_flags_are_checked_before_anything_is_done() -> Result<()> {
    let folder = Folder::with_project()?;
    std::fs::write(folder.path().join("logo.svg"), "GIF89a")?;
    let cases = [
        ["--sale-max", "1,000"],
        ["--callback-url", "ftp://tea.example"],
        ["--frame-ancestors", "https://*.tea.example"],
        ["--frame-ancestors", "https://tea.example,https://*"],
        ["--paytm-mid", "much-too-long-or-strange"],
        ["--paytm-modes", "upi"],
        ["--limit-minutes", "0"],
        ["--settlement-currency", "Rupees"],
        ["--late-success", "keep"],
        ["--page-attempts", "0"],
        ["--page-attempts", "11"],
        ["--display-name", ""],
        ["--logo", "logo.svg"],
        ["--logo", "missing.png"],
        ["--logo", "http://cdn.example/logo.png"],
        ["--accent", "green"],
    ];
    for flag in cases {
        let ran = folder.run(&["project", "set", "200", flag[0], flag[1]])?;
        assert_eq!(ran.code, 2, "{flag:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: invalid value"), "{flag:?}: {ran:?}");
    }
    Ok(())
}

#[test]
fn two_projects_have_two_names_and_numbers() -> Result<()> {
    let folder = Folder::with_project()?;
    let account = ["--paytm-mid", "M", "--paytm-key", "0123456789abcdef"];
    let create = |arguments: &[&str]| {
        folder.run(&[["project", "create"].as_slice(), arguments, &account].concat())
    };
    let same_name = create(&["Tea shop"])?;
    assert_eq!(same_name.stderr, "dwar: project 200 has this name already\n");
    let same_id = create(&["Coffee shop", "--id", "200"])?;
    assert_eq!(same_id.stderr, "dwar: project 200 exists already: Tea shop\n");
    assert_eq!(create(&["Coffee shop"])?.code, 0);

    let which = folder.run(&["project", "show"])?;
    let told = "dwar: there are several projects (200, 201); choose one with --project\n";
    assert_eq!((which.code, which.stderr.as_str()), (1, told));
    Ok(())
}

#[test]
fn the_configuration_in_force_is_shown_with_its_places() -> Result<()> {
    let folder = Folder::new()?;
    std::fs::write(folder.path().join("own.toml"), "[listen]\nops = '127.0.0.1:9'\n")?;
    let shown = folder.run(&["config", "print", "--config", "own.toml", "--database", "x.db"])?;
    assert!(shown.stdout.contains("listen.ops = \"127.0.0.1:9\" # own.toml:2\n"), "{shown:?}");
    assert!(shown.stdout.contains("database.path = \"x.db\" # --database\n"), "{shown:?}");

    let text = folder.run(&["config", "default"])?.stdout;
    std::fs::write(folder.path().join("all.toml"), text)?;
    let default = folder.run(&["config", "default", "--json"])?.stdout;
    let same = folder.run(&["config", "print", "--config", "all.toml", "--json"])?.stdout;
    assert_eq!(serde_json::from_str::<Value>(&default)?, serde_json::from_str::<Value>(&same)?);
    Ok(())
}

#[test]
fn shells_are_told_the_commands() -> Result<()> {
    let folder = Folder::new()?;
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.run(&["completions", shell])?.stdout;
        assert!(script.contains("rotate-key"), "{shell}");
    }
    Ok(())
}
