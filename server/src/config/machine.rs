//! What the machine and its container give us: cores and memory. Read from `/proc` and
//! `/sys/fs/cgroup` under a root that tests replace.

use std::fs;
use std::path::{Path, PathBuf};

/// A cgroup memory limit from here on means none: version 1 writes a huge number.
const UNLIMITED_BYTES: u64 = 1 << 60;

/// Cores and memory this process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Cores: those of the cpuset, at most the CPU quota rounded up; at least 1.
    pub cores: usize,
    /// The container's memory limit, bytes.
    pub memory_limit: Option<u64>,
}

impl Machine {
    /// Reads the files under `root`, which is `/` outside of tests.
    pub fn detect(root: &Path) -> Self {
        let cgroups = Cgroups::of_this_process(root);
        let allowed = allowed_cores(root).unwrap_or(1);
        let cores = cgroups
            .cpu_quota_cores()
            .map_or(allowed, |quota| quota.min(allowed))
            .max(1);
        Machine {
            cores,
            memory_limit: cgroups.memory_limit(),
        }
    }

    /// The `maxmemory` of a container that sets none: three quarters of its limit.
    pub fn default_maxmemory(&self) -> u64 {
        self.memory_limit.map_or(0, |limit| limit / 4 * 3)
    }
}

/// Number of CPUs in the process's affinity mask, which the cpuset bounds.
fn allowed_cores(root: &Path) -> Option<usize> {
    let status = fs::read_to_string(root.join("proc/self/status")).ok()?;
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    count_cpu_list(list.trim())
}

/// `0-3,8` is five.
fn count_cpu_list(list: &str) -> Option<usize> {
    list.split(',')
        .map(|range| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            Some(last.checked_sub(first)? + 1)
        })
        .sum()
}

/// The directories of this process's control groups, innermost first.
struct Cgroups {
    /// Version 2.
    unified: Vec<PathBuf>,
    /// Version 1, controller `cpu`.
    cpu: Vec<PathBuf>,
    /// Version 1, controller `memory`.
    memory: Vec<PathBuf>,
}

impl Cgroups {
    fn of_this_process(root: &Path) -> Self {
        let mount = root.join("sys/fs/cgroup");
        let listing = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
        let mut groups = Cgroups {
            unified: Vec::new(),
            cpu: Vec::new(),
            memory: Vec::new(),
        };
        for line in listing.lines() {
            let mut fields = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
                continue;
            };
            match controllers {
                "" => groups.unified = with_ancestors(&mount, path),
                _ if controllers.split(',').any(|name| name == "cpu") => {
                    groups.cpu = with_ancestors(&mount.join("cpu"), path);
                }
                "memory" => groups.memory = with_ancestors(&mount.join("memory"), path),
                _ => {}
            }
        }
        groups
    }

    /// Whole cores the tightest quota covers, rounded up.
    fn cpu_quota_cores(&self) -> Option<usize> {
        let unified = self.unified.iter().filter_map(|group| {
            let text = fs::read_to_string(group.join("cpu.max")).ok()?;
            let (quota, period) = text.trim().split_once(' ')?;
            whole_cores(quota, period)
        });
        let version_1 = self.cpu.iter().filter_map(|group| {
            let quota = fs::read_to_string(group.join("cpu.cfs_quota_us")).ok()?;
            let period = fs::read_to_string(group.join("cpu.cfs_period_us")).ok()?;
            whole_cores(quota.trim(), period.trim())
        });
        unified.chain(version_1).min()
    }

    fn memory_limit(&self) -> Option<u64> {
        let limits = |groups: &[PathBuf], file: &str| -> Option<u64> {
            groups
                .iter()
                .filter_map(|group| {
                    fs::read_to_string(group.join(file))
                        .ok()?
                        .trim()
                        .parse::<u64>()
                        .ok()
                })
                .filter(|limit| *limit < UNLIMITED_BYTES)
                .min()
        };
        let unified = limits(&self.unified, "memory.max");
        let version_1 = limits(&self.memory, "memory.limit_in_bytes");
        unified.into_iter().chain(version_1).min()
    }
}

/// A group and all above it up to the mount. A path of the host that a container does not
/// see simply has no files; the mount itself is then the container's own group.
fn with_ancestors(mount: &Path, path: &str) -> Vec<PathBuf> {
    Path::new(path.trim_start_matches('/'))
        .ancestors()
        .map(|below| mount.join(below))
        .collect()
}

/// `max` and `-1` mean no quota.
fn whole_cores(quota: &str, period: &str) -> Option<usize> {
    let quota: usize = quota.parse().ok()?;
    let period: usize = period.parse().ok().filter(|period| *period > 0)?;
    Some(quota.div_ceil(period).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Builds a fake tree, and tells what is detected in it.
    fn detect(name: &str, files: &[(&str, &str)]) -> Machine {
        let root =
            std::env::temp_dir().join(format!("redox-machine-{}-{name}", std::process::id()));
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("created");
            fs::write(path, content).expect("written");
        }
        let machine = Machine::detect(&root);
        fs::remove_dir_all(&root).expect("removed");
        machine
    }

    const EIGHT: (&str, &str) = (
        "proc/self/status",
        "Name:\tx\nCpus_allowed_list:\t0-3,8-11\n",
    );

    #[test]
    fn cores_and_memory_of_containers() {
        let bare = detect("bare", &[EIGHT]);
        assert_eq!(
            bare,
            Machine {
                cores: 8,
                memory_limit: None
            }
        );
        assert_eq!(bare.default_maxmemory(), 0);

        let unified = detect(
            "v2",
            &[
                EIGHT,
                ("proc/self/cgroup", "0::/kube/pod\n"),
                ("sys/fs/cgroup/kube/pod/cpu.max", "max 100000\n"),
                ("sys/fs/cgroup/kube/cpu.max", "250000 100000\n"),
                ("sys/fs/cgroup/kube/pod/memory.max", "1073741824\n"),
                ("sys/fs/cgroup/kube/memory.max", "max\n"),
            ],
        );
        assert_eq!(
            unified,
            Machine {
                cores: 3,
                memory_limit: Some(1 << 30)
            }
        );
        assert_eq!(unified.default_maxmemory(), 768 << 20);

        let version_1 = detect(
            "v1",
            &[
                EIGHT,
                (
                    "proc/self/cgroup",
                    "4:cpu,cpuacct:/docker/abc\n3:memory:/docker/abc\n",
                ),
                ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n"),
                ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n"),
                (
                    "sys/fs/cgroup/memory/memory.limit_in_bytes",
                    "9223372036854771712\n",
                ),
            ],
        );
        assert_eq!(
            version_1,
            Machine {
                cores: 1,
                memory_limit: None
            }
        );
    }

    #[test]
    fn a_machine_that_tells_nothing_has_one_core() {
        assert_eq!(
            detect("none", &[("x", "")]),
            Machine {
                cores: 1,
                memory_limit: None
            }
        );
    }
}
