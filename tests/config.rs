//! The config as an operator meets it: bad files and what is said of them, the documented file,
//! the order of the layers.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::fs;
use wagewatch::access::Role;
use wagewatch::app::config::{ClockKind, Config, LogFormat, Role as Office, Sources};

const DOCUMENTED: &str = "config/wagewatch.toml";

fn from_text(text: &str) -> Result<Config, String> {
    with_files(&[("w.toml", text)])
}

// The first file is the config; what is said names files without their folder.
fn with_files(files: &[(&str, &str)]) -> Result<Config, String> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let sources = Sources { file: Some(folder.path().join(files[0].0)), ..Sources::default() };
    let prefix = format!("{}/", folder.path().display());
    Config::load(&sources).map_err(|errors| errors.to_string().replace(&prefix, ""))
}

fn check(text: &str, said: &str) {
    assert_eq!(from_text(text).unwrap_err(), said, "{text}");
}

#[test]
fn bad_values_are_named_with_line_and_expectation() {
    check(
        "[server]\nmax_streams = 0\n",
        "w.toml:2: server.max_streams is 0; expected a whole number from 1 to 100000",
    );
    check(
        "[server]\n\ngrpc_addr = \"localhost\"",
        "w.toml:3: server.grpc_addr is \"localhost\"; expected an IP address and a port, such as \"127.0.0.1:7443\"",
    );
    check(
        "[engine]\nthreads = \"2\"",
        "w.toml:2: engine.threads is \"2\"; expected a whole number from 0 to 1024",
    );
    check("[clock]\nkind = true", "w.toml:2: clock.kind is true; expected one of \"system\", \"manual\"");
    check(
        "[clock]\nday_starts_at = \"24:00\"",
        "w.toml:2: clock.day_starts_at is \"24:00\"; expected a time from \"00:00\" to \"11:59\"",
    );
    check(
        "[engine]\nmemory_bytes = 1.5e9",
        "w.toml:2: engine.memory_bytes is 1.5e9; expected a whole number from 16777216 to 70368744177664",
    );
    check("[data]\npath = \"\"", "w.toml:2: data.path is \"\"; expected a path between quotes");
    check(
        "[log]\nretain_days = 99999999999999999999999999999999999999999999",
        "w.toml:2: log.retain_days is an integer of more digits than fit; expected a whole number from 0 to 36500",
    );
}

#[test]
fn unknown_names_are_errors() {
    check(
        "[clock]\nday_start = \"04:00\"",
        "w.toml:2: unknown key clock.day_start; expected one of kind, day_starts_at",
    );
    let sections = "server, data, log, store, engine, kafka, cluster, clock, alerts, webhook, alertmanager, telemetry, http, files, logging, security";
    check("[serve]\nx = 1", &format!("w.toml:2: unknown section [serve]; expected one of {sections}"));
    check("[serve]\n", &format!("w.toml:1: unknown section [serve]; expected one of {sections}"));
    check(
        "max_streams = 3",
        "w.toml:1: max_streams is 3 outside of any section; expected a section such as [server]",
    );
}

#[test]
fn shares_and_names_of_machines_are_read() {
    let share = |text: &str| {
        let config = from_text(&format!("[telemetry]\nsample_ratio = {text}")).unwrap();
        config.telemetry.sample_millionths
    };
    assert_eq!(["0", "0.25", "0.000001", "1", "1.0"].map(share), [0, 250_000, 1, 1_000_000, 1_000_000]);
    for wrong in ["1.5", "-0.1", "0.0000001", "2", "1e-3"] {
        let said = from_text(&format!("[telemetry]\nsample_ratio = {wrong}")).unwrap_err();
        assert!(said.ends_with("expected a number from 0 to 1 with at most six decimals"), "{said}");
    }
    check(
        "[telemetry]\nservice_name = \"a b\"",
        "w.toml:2: telemetry.service_name is \"a b\"; expected 1 to 64 of A-Z a-z 0-9 . _ -",
    );
    let hosts = from_text("[http]\nhosts = [\"Wages.Example.cn\", \"b\"]").unwrap().http.hosts;
    assert_eq!(hosts, ["wages.example.cn", "b"]);
    for wrong in ["[\"a:80\"]", "[\"http://a\"]", "[\"\"]", "\"a\"", "[1]"] {
        let said = from_text(&format!("[http]\nhosts = {wrong}")).unwrap_err();
        assert!(said.contains("http.hosts is ") && said.ends_with("without a port"), "{said}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    check(
        "[store]\ncache_bytes = -1\n[log]\nsegment_bytes = 1\n\n[logging]\nlevel = \"loud\"\n",
        "w.toml:2: store.cache_bytes is -1; expected a whole number from 1048576 to 1099511627776\n\
         w.toml:4: log.segment_bytes is 1; expected a whole number from 1048576 to 4294967296\n\
         w.toml:7: logging.level is \"loud\"; expected one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"",
    );
}

#[test]
fn keys_that_contradict_each_other_are_told() {
    check(
        "[server]\nhttp_addr = \"127.0.0.1:7443\"",
        "w.toml:2: server.grpc_addr and server.http_addr are both 127.0.0.1:7443; expected two different addresses",
    );
    check(
        "[engine]\nqueue_records = 100",
        "w.toml:2: engine.queue_records is 100; expected at least engine.batch_records, 8192",
    );
    let any_port = "[server]\ngrpc_addr = \"127.0.0.1:0\"\nhttp_addr = \"127.0.0.1:0\"";
    assert_eq!(from_text(any_port).unwrap().server.http_addr.port(), 0);
}

#[test]
fn kafka_is_told_what_is_missing_and_what_is_not_to_be_set() {
    check(
        "[log]\nkind = \"kafka\"",
        "w.toml:2: log.kind is \"kafka\" without kafka.brokers; expected kafka.brokers = \"host:port,host:port\"",
    );
    check(
        "[kafka]\nbrokers = \"kafka-1\"",
        "w.toml:2: kafka.brokers is \"kafka-1\"; expected a text between quotes: host:port, with commas between",
    );
    check(
        "[kafka]\nreplication = 1",
        "w.toml:2: kafka.min_in_sync is 2; expected at most kafka.replication, 1",
    );
    check(
        "[kafka.settings]\n\"linger.ms\" = 5\n\"acks\" = \"1\"\n\"sasl.password\" = \"hush\"",
        "w.toml:3: kafka.settings sets acks; expected that left out: what is answered was acknowledged by all replicas in sync\n\
         w.toml:4: kafka.settings sets sasl.password; expected that left out: kafka.sasl_password_file names the file with it",
    );
    check(
        "[kafka.settings]\n\n\"linger.mss\" = 5",
        "w.toml:3: kafka.settings linger.mss: No such configuration property: \"linger.mss\"; expected a setting of librdkafka 2.12 with a value that it takes",
    );
    check(
        "[kafka]\nsasl_password_file = \"none\"",
        "w.toml:2: kafka.sasl_password_file none cannot be read: No such file or directory (os error 2); expected a file with the password alone",
    );
    let config = with_files(&[
        (
            "w.toml",
            "[log]\nkind = \"kafka\"\n[engine]\nshards = 12\n[kafka]\nbrokers = \"a:1, b:2\"\nsasl_password_file = \"p\"\n\
             settings = { \"security.protocol\" = \"sasl_ssl\", \"linger.ms\" = 5 }",
        ),
        ("p", "hush\n"),
    ])
    .unwrap();
    let kafka = config.kafka.as_ref().unwrap();
    assert_eq!((kafka.partitions, kafka.sasl_password.as_ref().unwrap().0.as_str()), (12, "hush"));
    assert_eq!(kafka.client["linger.ms"], "5");
    assert!(!format!("{config:?}").contains("hush"));
}

#[test]
fn what_is_no_toml_and_what_is_no_file_is_told() {
    let said = from_text("[server]\ngrpc_addr = \n").unwrap_err();
    assert!(said.starts_with("w.toml:2: ") && said.ends_with("; expected TOML (https://toml.io)"), "{said}");
    let said = from_text("[log]\nretain_days = 1\nretain_days = 2\n").unwrap_err();
    assert!(said.starts_with("w.toml:3: ") && said.contains("duplicate"), "{said}");
    let missing = Sources { file: Some("no/such.toml".into()), ..Sources::default() };
    let said = Config::load(&missing).unwrap_err().to_string();
    assert!(said.starts_with("no/such.toml: cannot be read: "), "{said}");
    let said = from_text("[files]\n\nterritories = \"t.toml\"").unwrap_err();
    assert!(said.starts_with("w.toml:3: files.territories t.toml cannot be read: "), "{said}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("w.toml");
    fs::write(&file, b"[log]\n# \xff\n").unwrap();
    let said = Config::load(&Sources { file: Some(file), ..Sources::default() }).unwrap_err().to_string();
    assert!(said.ends_with("w.toml:2: bytes that are no UTF-8; expected UTF-8 text"), "{said}");
}

#[test]
fn calendars_are_checked_line_by_line() {
    let main = ("w.toml", "[files]\ncalendar = \"c.csv\"");
    let calendar = "date,kind,name\n2026-02-30,holiday,x\n2026-01-01,holyday,x\n\
                    2026-01-02,holiday,a, b\n\n2026-01-02,workday,x\n";
    assert_eq!(
        with_files(&[main, ("c.csv", calendar)]).unwrap_err(),
        "c.csv:2: date \"2026-02-30\" is no date; expected YYYY-MM-DD\n\
         c.csv:3: kind \"holyday\" of 2026-01-01 is unknown; expected \"holiday\" or \"workday\"\n\
         c.csv:6: 2026-01-02 stands twice, first in line 4; expected one line a day"
    );
    assert_eq!(
        with_files(&[main, ("c.csv", "2026-01-01,holiday,x\n")]).unwrap_err(),
        "c.csv:1: the first line is \"2026-01-01,holiday,x\"; expected date,kind,name"
    );
    assert_eq!(
        with_files(&[main, ("c.csv", "")]).unwrap_err(),
        "c.csv: the file is empty; expected date,kind,name"
    );
}

#[test]
fn departments_and_territories_are_checked_against_each_other() {
    let main = "[files]\ndepartments = \"d.toml\"\nterritories = \"t.toml\"";
    let check = |departments: &str, territories: &str, said: &str| {
        let answer = with_files(&[("w.toml", main), ("d.toml", departments), ("t.toml", territories)]);
        assert_eq!(answer.unwrap_err(), said);
    };
    let department = |code: &str, role: &str, sectors: &str| {
        format!("[[department]]\ncode = \"{code}\"\nname = \"n\"\nrole = \"{role}\"\nsectors = [{sectors}]\n")
    };
    let territory = |department: &str| {
        format!("[[territory]]\ncode = \"150621001\"\nname = \"n\"\ndepartment = \"{department}\"\n")
    };
    let town = department("town", "territory", "");
    let both = department("lead", "coordinator", "") + &town;
    check(
        &(both.clone() + &department("lead", "support", "")),
        &territory("town"),
        "d.toml:12: code \"lead\" stands twice, first in line 2; expected each code once",
    );
    let a = department("a", "sector-other", "\"x\"");
    let b = department("b", "sector-other", "\"y\", \"x\"");
    check(
        &(both.clone() + &a + &b),
        &territory("town"),
        "d.toml:20: sector \"x\" is also claimed by \"a\" in line 15; expected one department a sector",
    );
    check(
        &town,
        &territory("town"),
        "d.toml: no department has the role \"coordinator\"; expected exactly one",
    );
    check(
        &(both.clone() + &department("b", "coordinator", "")),
        &territory("town"),
        "d.toml:11: a second coordinator, beside the one in line 1; expected exactly one",
    );
    let expected = "expected the code of a department with the role \"territory\"";
    check(&both, &territory("city"), &format!("t.toml:4: department \"city\" is unknown; {expected}"));
    check(
        &both,
        &territory("lead"),
        &format!("t.toml:4: department \"lead\" has the role \"coordinator\"; {expected}"),
    );
    check(
        &(both.clone() + &town.replace("\"town\"", "\"t2\"") + "funding = [\"state\"]\n"),
        &territory("town"),
        "d.toml:16: funding has \"state\"; expected one of government, state_owned, private",
    );
    check(
        &(both + "[[department]]\nrole = \"boss\"\ncolour = 1\n"),
        &territory("town"),
        "d.toml:11: code is missing; expected a code of 1 to 64 lower-case letters, digits, - and _\n\
         d.toml:11: name is missing; expected a name between quotes\n\
         d.toml:12: role is \"boss\"; expected one of coordinator, sector-construction, sector-other, territory, support, county-head\n\
         d.toml:13: unknown key colour; expected one of code, name, role, duty, sectors, funding",
    );
}

#[test]
fn an_instance_of_a_cluster_is_reached_by_its_own_address_and_one_of_them_delivers() {
    let kafka = "[log]\nkind = \"kafka\"\n[kafka]\nbrokers = \"k:9092\"\n";
    let of = |rest: &str| {
        with_files(&[
            ("w.toml", &format!("{kafka}{rest}")),
            ("token", "secret\n"),
            ("none", " "),
            ("next", "version = \"next\""),
        ])
    };
    let cluster = of("[cluster]\nname = \"w-0\"\ntoken_file = \"token\"").unwrap().cluster.unwrap();
    assert_eq!((cluster.name.as_deref(), cluster.advertise.as_str()), (Some("w-0"), "127.0.0.1:7443"));
    assert_eq!((cluster.token.unwrap().0.as_str(), cluster.standby), ("secret", false));
    let cluster = of("[cluster]\nadvertise = \"w-0.wages:7443\"\nstandby = 1").unwrap().cluster.unwrap();
    assert_eq!((cluster.advertise.as_str(), cluster.standby), ("w-0.wages:7443", true));
    let refused = |rest: &str, said: &str| {
        let found = of(rest).unwrap_err();
        assert!(found.contains(said), "{found}");
    };
    refused("[cluster]\nadvertise = \"w-0\"", "w.toml:6: cluster.advertise is \"w-0\"; expected");
    refused("[cluster]\nstandby = 2", "cluster.standby is 2; expected a whole number from 0 to 1");
    refused("[cluster]\ntoken_file = \"none\"", "holds nothing; expected a file with the token alone");
    refused("[cluster]\nauthority = \"gone\"", "cannot be read");
    refused(
        "[server]\ngrpc_addr = \"0.0.0.0:7443\"",
        "server.grpc_addr is 0.0.0.0:7443, which is no address to be reached at, without cluster.advertise",
    );
    let hook = "[webhook]\nurl = \"http://127.0.0.1:1/\"\n";
    refused(hook, "webhook.url or alertmanager.url without cluster.deliverer");
    of(&format!("{hook}[cluster]\nname = \"w-0\"\ndeliverer = \"w-0\"")).unwrap();
    // A shadow rulebook judges on each instance what that one owns.
    let beside = of("[files]\nshadow_rulebook = \"next\"").unwrap().shadow.unwrap();
    assert!(beside.version.starts_with("next"), "{}", beside.version);
    // Without Kafka the section is read and nobody's.
    let local = with_files(&[("w.toml", "[cluster]\nname = \"w-0\"")]).unwrap();
    assert_eq!(local.cluster, None);
}

#[test]
fn the_key_of_alert_ids_is_read_and_never_shown() {
    let main = "[alerts]\nid_key_file = \"k\"";
    let secret = "ab".repeat(32);
    let config = with_files(&[("w.toml", main), ("k", &format!("{secret}\n"))]).unwrap();
    assert_eq!(config.alerts.id_key.as_ref().unwrap().0, [0xab; 32]);
    assert_eq!(format!("{:?}", config.alerts.id_key), "Some(IdKey(secret))");
    let said = with_files(&[("w.toml", main), ("k", &secret[1..])]).unwrap_err();
    assert!(said.starts_with("w.toml:2: alerts.id_key_file k holds something else; "), "{said}");
    assert!(!said.contains(&secret[1..9]));
}

#[test]
fn the_documented_file_is_the_defaults() {
    let sources = Sources { file: Some(DOCUMENTED.into()), ..Sources::default() };
    assert_eq!(Config::load(&sources).unwrap(), Config::default());
    assert_eq!(Config::load(&Sources::default()).unwrap(), Config::default());
}

#[test]
fn every_key_is_documented_where_it_stands() {
    let text = fs::read_to_string(DOCUMENTED).unwrap();
    let mut section = String::new();
    let mut found = Vec::new();
    let mut commented = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').into();
            commented = false;
        } else if let Some((key, _)) = line.trim_start_matches('#').split_once(" = ")
            && !key.is_empty()
            && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
        {
            // Neighbours may share the comment above them.
            assert!(commented, "{section}.{key} has no comment above it");
            found.push((section.clone(), key.to_owned()));
        } else {
            commented = line.starts_with("# ");
        }
    }
    let keys: Vec<_> = Config::keys().into_iter().map(|(s, k)| (s.to_owned(), k.to_owned())).collect();
    assert_eq!(found, keys);
}

#[test]
fn the_files_beside_the_documented_one_are_the_built_in_copies() {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir("config").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let file = folder.path().join("wagewatch.toml");
    let text = fs::read_to_string(&file).unwrap();
    let mut named = text.clone();
    for key in ["rulebook", "calendar", "departments", "territories"] {
        named = named.replace(&format!("#{key} = "), &format!("{key} = "));
    }
    assert_ne!(named, text);
    fs::write(&file, named).unwrap();
    let config = Config::load(&Sources { file: Some(file), ..Sources::default() }).unwrap();
    assert_eq!(config.files.calendar.as_deref(), Some(folder.path().join("calendar.csv").as_path()));
    let default = Config::default();
    assert_eq!((config.calendar, config.directory), (default.calendar, default.directory));
    assert_eq!(config.rulebook, default.rulebook);
}

#[test]
fn layers_lie_over_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("w.toml");
    let text = "[engine]\nshards = 2\nthreads = 2\nbatch_records = 2\n[logging]\nformat = \"json\"";
    fs::write(&file, text).unwrap();
    let environment = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect::<Vec<_>>()
    };
    let sources = Sources {
        file: Some(file),
        environment: environment(&[
            ("WAGEWATCH__ENGINE__THREADS", "3"),
            ("WAGEWATCH__ENGINE__BATCH_RECORDS", "3"),
            ("WAGEWATCH_ADDR", "elsewhere"),
        ]),
        set: vec!["engine.batch_records=4_0".into(), "clock.kind=manual".into()],
    };
    let config = Config::load(&sources).unwrap();
    assert_eq!((config.engine.shards, config.engine.threads, config.engine.batch_records), (2, 3, 40));
    assert_eq!((config.clock.kind, config.logging.format), (ClockKind::Manual, LogFormat::Json));

    let sources = Sources {
        file: None,
        environment: environment(&[("WAGEWATCH__ENGINE__THREADS", "many"), ("WAGEWATCH__LOUD", "1")]),
        set: vec!["engine.shards=0".into(), "shards".into()],
    };
    assert_eq!(
        Config::load(&sources).unwrap_err().to_string(),
        "environment WAGEWATCH__ENGINE__THREADS: engine.threads is many; expected a whole number from 0 to 1024\n\
         environment WAGEWATCH__LOUD: the name has no section and key; expected WAGEWATCH__SECTION__KEY\n\
         --set engine.shards=0: engine.shards is 0; expected a whole number from 1 to 1024\n\
         --set shards: the flag has no section, key and value; expected --set section.key=value"
    );
}

const HASH: &str =
    "00112233445566778899aabbccddeeff:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn with_principals(text: &str) -> Result<Config, String> {
    with_files(&[("w.toml", "[security]\nprincipals = \"p.toml\""), ("p.toml", text)])
}

#[test]
fn the_template_of_principals_is_good_when_its_entries_are_taken() {
    let template = fs::read_to_string("config/principals.toml").unwrap();
    let entries: String = template
        .lines()
        .filter(|line| !line.starts_with("# "))
        .map(|line| format!("{}\n", line.strip_prefix('#').unwrap_or(line)))
        .collect();
    let members = with_principals(&entries).unwrap().security.members.unwrap();
    let roles: Vec<Role> = members.iter().map(|member| member.principal.role.unwrap()).collect();
    assert_eq!(roles, Role::ALL, "each role once");
}

#[test]
fn principals_that_are_not_right_are_told_with_line_and_expectation() {
    let check = |text: &str, said: &str| {
        let found = with_principals(text).unwrap_err();
        assert!(found.starts_with(&format!("p.toml:{said}")), "{text}\nfound: {found}");
    };
    let base = format!(
        "[[principal]]\nname = \"a\"\ntokens = [{{ hash = \"{HASH}\", expires = \"2026-12-31\" }}]\n"
    );
    let with = |more: &str| format!("{base}{more}");
    check("", " there is no [[principal]]");
    check(&with("role = \"king\""), "4: role is \"king\"; expected one of bank, site-platform");
    check(&with("role = \"operator\"\nadmin = true"), "5: unknown key admin; expected one of name, role");
    check(
        &with("role = \"bank\""),
        "1: a principal with the role \"bank\" that reaches nothing; expected banks",
    );
    check(
        &with("role = \"inspector\"\nsectors = [\"reservoir\"]"),
        "1: a principal with the role \"inspector\" that reaches nothing; expected departments",
    );
    check(
        &with("role = \"supervisor\"\ndepartments = [\"navy\"]"),
        "5: departments has \"navy\", which is none",
    );
    check(&with("role = \"territory\"\nterritories = [\"99\"]"), "5: territories has \"99\", which is none");
    check(
        &with("role = \"auditor\"\nsectors = [\"reservoir\"]"),
        "5: sectors of a principal with the role \"auditor\"; expected no such list",
    );
    check(&with("role = \"platform\"\nreveal = true"), "5: reveal of a principal with the role \"platform\"");
    check(&with("role = \"operator\"\nreveal = 1"), "5: reveal is 1; expected true or false");
    check("[[principal]]\nname = \"a\"\nrole = \"operator\"", "1: neither certificates nor tokens");
    check(
        &with(&format!("role = \"operator\"\n{}role = \"operator\"", base.replace("\"a\"", "\"b\""))),
        "7: \"00112233445566778899aabbccddeeff\" stands twice, first in line 3",
    );
    // A token by mistake where its hash belongs is in no message.
    let secret = "[[principal]]\nname = \"a\"\nrole = \"operator\"\ntokens = [{ hash = \"ww_secret\", expires = \"2026-12-31\" }]";
    let said = with_principals(secret).unwrap_err();
    assert!(
        said.starts_with("p.toml:4: tokens has an entry that is none") && !said.contains("secret"),
        "{said}"
    );
}

#[test]
fn whoever_is_reached_from_elsewhere_must_know_who_comes() {
    check(
        "[server]\ngrpc_addr = \"0.0.0.0:7443\"",
        "w.toml:2: server.grpc_addr is 0.0.0.0:7443, which others reach, without security.principals and security.certificate and security.certificate_key; expected a loopback address such as 127.0.0.1, or callers with names on encrypted connections",
    );
    check(
        "[server]\nhttp_addr = \"10.0.0.1:7480\"",
        "w.toml:2: server.http_addr is 10.0.0.1:7480, which others reach, without security.principals and security.certificate and security.certificate_key; expected a loopback address such as 127.0.0.1, or callers with names on encrypted connections",
    );
    assert!(from_text("[server]\ngrpc_addr = \"[::1]:7443\"").is_ok());
    check(
        "[security]\ncertificate = \"server.pem\"",
        "w.toml:2: security.certificate stands alone; expected also security.certificate_key",
    );
    let said =
        from_text("[security]\ncertificate = \"server.pem\"\ncertificate_key = \"server.key\"").unwrap_err();
    assert!(said.starts_with("w.toml:2: security.certificate server.pem: "), "{said}");
}

#[test]
fn the_directory_has_the_county() {
    let directory = Config::default().directory;
    assert_eq!(directory.coordinator().unwrap().code, "hrss");
    assert_eq!((directory.departments.len(), directory.territories.len()), (43, 17));
    let of = |code: &str| {
        let territory = directory.territories.iter().find(|t| t.code == code);
        territory.unwrap().department.as_str()
    };
    assert_eq!((of("150621105"), of("150621400"), of("150621401")), ("township", "dev-zone", "engebei"));
    assert!(directory.departments.iter().any(|d| d.role == Office::Territory && d.code == "township"));
}
