#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The Debian package: built, installed over this system's files in a copy that is thrown away, run, upgraded under
the running vipd, removed and purged; and `make install` beside it.

The copy is an overlay on a tmpfs, in mount and network namespaces of its own: nothing of it reaches this system.
There is no systemd in it; vipd is started as its unit says.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

from proc import Daemon, wait_until  # noqa: E402
from suite import suite  # noqa: E402

TREE = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 20
NEWER = "99.0"  # than any that the changelog has
CONFFILES = ["/etc/vipd/vipd.conf", "/etc/default/vipd", "/etc/needrestart/conf.d/vipd.conf"]

INSTANCE = """
vrrp_instances = (
  { name = "web"; interface = "eth0"; version = 3; virtual_router_id = 51; advert_int = "100ms";
    virtual_ipaddress = ( "192.0.2.100/24" ); }
);
"""


def run(*argv, check=True, **options):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=240, check=False, **options)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(argv)}: status {done.returncode}\n{done.stdout}")
    return done


def make(*args):
    # those of a make that runs this suite are none of this one's business
    env = {key: value for key, value in os.environ.items() if key not in ("MAKEFLAGS", "MFLAGS", "MODE", "DESTDIR")}
    return run("make", "-C", str(TREE), "--no-print-directory", *args, env=env)


class Copy:
    """This system's files as they are, to be written to."""

    def __init__(self, folder):
        self.root, self.upper = folder / "root", folder / "tmp" / "upper"
        for name in ("root", "tmp"):
            (folder / name).mkdir()
        run("mount", "-t", "tmpfs", "tmpfs", str(folder / "tmp"))
        (folder / "tmp" / "work").mkdir()
        self.upper.mkdir()
        done = run("mount", "-t", "overlay", "overlay", "-o",
                   f"lowerdir=/,upperdir={self.upper},workdir={folder}/tmp/work", str(self.root), check=False)
        if done.returncode:
            sys.exit("deb: this machine can't mount an overlay over its root, so the package can't be tried on it: "
                     f"{done.stdout.strip()}")
        for name in ("proc", "sys", "dev"):
            run("mount", "--rbind", f"/{name}", str(self.root / name))
        for name in ("run", "tmp"):
            run("mount", "-t", "tmpfs", "tmpfs", str(self.root / name))
        (self.root / "run/lock").mkdir()
        # the index of this system's manual pages takes longer than all else
        self.path("/var/lib/man-db/auto-update").unlink(missing_ok=True)

    def run(self, *argv, **options):
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive",
               "LC_ALL": "C"}
        return run("chroot", str(self.root), *argv, env=env, **options)

    def dpkg(self, *args):
        return self.run("dpkg", "--force-unsafe-io", *args).stdout

    def install(self, deb):
        shutil.copy(deb, self.root / "tmp")
        return self.dpkg("-i", "/tmp/" + deb.name)

    def path(self, name):
        return self.root / name.lstrip("/")

    def owner(self, name):
        """user:group mode of a file, by the copy's own accounts."""
        return self.run("stat", "-c", "%U:%G %a", name).stdout.strip()

    def ours(self):
        """What is in the copy, not in this system, and bears vipd's name."""
        found = []
        for at, folders, files in os.walk(self.upper):
            for name in folders + files:
                path = os.path.join(at, name)
                inside = "/" + os.path.relpath(path, self.upper)
                if "vipd" in inside and os.path.lexists(self.path(inside)):
                    found.append(inside)
        return sorted(found)


def unit_of(copy):
    text = copy.path("/lib/systemd/system/vipd.service").read_text(encoding="ascii")
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))


def start(copy):
    """As the unit says: program, options, user, capabilities."""
    unit = unit_of(copy)
    caps = ",".join(["-all", *("+" + cap[4:].lower() for cap in unit["AmbientCapabilities"].split())])
    program = [word for word in unit["ExecStart"].split() if not word.startswith("$")]
    return Daemon(["chroot", str(copy.root), "setpriv", f"--reuid={unit['User']}", f"--regid={unit['Group']}",
                   "--init-groups", f"--inh-caps={caps}", f"--ambient-caps={caps}", f"--bounding-set={caps}",
                   "--no-new-privs", "--", *program, "--dataplane=memory"], name="vipd")


def listed(what, **names):
    env = {**os.environ, "BUILD": "build/release", "PREFIX": "/usr", "UNITS": "/lib/systemd/system",
           "ZSH": "vendor-completions", "DESTDIR": "", **names}
    rows = run(str(TREE / "etc/install"), "list", what, env=env).stdout.split("\n")
    return {row.split()[1] for row in rows if row}


def build(t, folder):
    t.part("build")
    make("deb")
    version = run("dpkg-parsechangelog", "-l", str(TREE / "etc/debian/changelog"), "-S", "Version").stdout.strip()
    first = next((TREE / "build/deb").glob(f"vipd_{version}_*.deb"))
    again = folder / "again"
    again.mkdir()
    env = {**os.environ, "BUILD": "build/release", "PREFIX": "/usr", "UNITS": "/lib/systemd/system",
           "ZSH": "vendor-completions"}
    script = str(TREE / "etc/debian/build")
    run(script, str(again), env={**env, "TZ": "Asia/Tokyo", "LC_ALL": "C.UTF-8"}, umask=0o077)
    for deb in sorted(again.glob("*.deb")):
        t.check(deb.read_bytes() == (TREE / "build/deb" / deb.name).read_bytes(), f"built twice, the same bytes: {deb.name}")
    run(script, str(folder), env={**env, "DEB_VERSION": NEWER, "DEB_SYMBOLS": "no"})
    newer = next(folder.glob(f"vipd_{NEWER}_*.deb"))
    said = run(str(TREE / "build/vipd"), "--version").stdout.strip()
    t.equal(said, f"vipd {version}", "the changelog and the program have the same version")

    names = [row.split()[-1] for row in run("dpkg-deb", "-c", str(first)).stdout.splitlines() if not row.startswith("d")]
    t.equal({re.sub(r"\.gz$", "", name[1:]) for name in names},
            {re.sub(r"\.gz$", "", name) for name in listed("package")}, "it has what etc/files lists")
    t.equal(run("dpkg-deb", "-f", str(first), "Depends").stdout.count("libssl3"), 1, "it depends on its libraries")
    return first, newer


def install_by_make(t, folder):
    t.part("make install")
    dest = folder / "dest"
    make("install", f"DESTDIR={dest}", "PREFIX=/opt/vipd")
    there = {"/" + str(path.relative_to(dest)) for path in dest.rglob("*") if path.is_file()}
    t.equal(there, listed("make", PREFIX="/opt/vipd", UNITS="/opt/vipd/lib/systemd/system", ZSH="site-functions"),
            "what etc/files lists is there")
    unit = (dest / "opt/vipd/lib/systemd/system/vipd.service").read_text(encoding="ascii")
    t.check("ExecStart=/opt/vipd/sbin/vipd" in unit and "/opt/vipd/bin/vipctl" in unit and "/usr/local" not in unit,
            "the unit has the programs' places")
    mine = dest / "etc/vipd/vipd.conf"
    mine.write_text("config_version = 1;\n", encoding="ascii")
    make("install", f"DESTDIR={dest}", "PREFIX=/opt/vipd")
    t.equal(mine.read_text(encoding="ascii"), "config_version = 1;\n", "a second time leaves the configuration alone")
    make("uninstall", f"DESTDIR={dest}", "PREFIX=/opt/vipd")
    left = [str(path.relative_to(dest)) for path in dest.rglob("*") if path.is_file()]
    t.equal(left, ["etc/vipd/vipd.conf"], "uninstall leaves what was changed")


def first_steps(t, copy, deb):
    t.part("dpkg -i")
    copy.install(deb)
    passwd = copy.path("/etc/passwd").read_text(encoding="utf-8")
    for user in ("vipd", "vipd_script"):
        t.check(re.search(rf"^{user}:x:\d+:\d+:[^:]*:[^:]*:/usr/sbin/nologin$", passwd, re.M), f"user {user}")
    for name, wanted in (("/etc/vipd", "root:vipd 750"), ("/etc/vipd/vipd.conf", "root:vipd 640"),
                         ("/run/vipd", "vipd:vipd 755"), ("/var/lib/vipd", "vipd:vipd 750")):
        t.equal(copy.owner(name), wanted, name)
    t.equal(set(copy.run("dpkg-query", "-W", "-f", "${Conffiles}", "vipd").stdout.split()[::2]), set(CONFFILES), "conffiles")
    for name in ("/usr/sbin/vipd", "/usr/bin/vipctl"):
        t.check("not found" not in copy.run("ldd", name).stdout, f"{name} finds its libraries")
    checked = copy.run("vipd", "--check", "--strict")
    t.check("0 errors, 0 warnings" in checked.stdout, f"the configuration that comes with it: {checked.stdout.strip()}")
    sample = copy.run("vipd", "--check", "-f", "/usr/share/doc/vipd/examples/vipd.conf")
    t.check("0 errors" in sample.stdout, f"the sample: {sample.stdout.strip()}")


def first_instance(t, copy, daemon):
    t.part("started, and given something to do")
    daemon.wait_for(r"vipd\.ready instances=0 services=0 ", PATIENCE)
    daemon.wait_for(r"control\.open ", PATIENCE)
    t.check("all is well" in copy.run("vipctl", "status").stdout, "it has nothing to do, and all is well")
    t.equal(copy.owner("/run/vipd/vipd.sock"), "vipd:vipd 660", "the control socket")
    seen = copy.run("setpriv", "--reuid=65534", "--regid=vipd", "--clear-groups", "vipctl", "status", check=False)
    t.equal(seen.returncode, 0, f"a member of the group may look: {seen.stdout.strip()[:80]}")
    conf = copy.path("/etc/vipd/vipd.conf")
    conf.write_text(conf.read_text(encoding="ascii") + INSTANCE, encoding="ascii")
    t.check("+ instance web" in copy.run("vipctl", "diff").stdout, "vipctl diff tells what comes")
    copy.run("vipctl", "reload", "--wait")
    daemon.wait_for(r"vrrp\.state inst=web .*to=ACTIVE", PATIENCE)
    wait_until(lambda: "192.0.2.100" in run("ip", "-br", "addr", "show", "eth0").stdout, PATIENCE, "the address")


def upgrade(t, copy, deb, daemon):
    t.part("dpkg -i of a newer one, under the running vipd")
    conf = copy.path("/etc/vipd/vipd.conf").read_text(encoding="ascii")
    before, mark = copy.path("/usr/sbin/vipd").stat().st_ino, daemon.mark()
    said = copy.install(deb)
    t.equal(copy.run("dpkg-query", "-W", "-f", "${Version} ${Status}", "vipd").stdout, f"{NEWER} install ok installed",
            "it is installed")
    t.check("goes on as it is" in said and "-s USR2" in said, "it says how to hand over")
    t.check(copy.path("/usr/sbin/vipd").stat().st_ino != before, "the program is another file")
    t.equal(copy.path("/etc/vipd/vipd.conf").read_text(encoding="ascii"), conf, "the configuration is what it was")
    t.equal(copy.owner("/etc/vipd/vipd.conf"), "root:vipd 640", "and whose it was")
    t.check("1 ACTIVE" in copy.run("vipctl", "status").stdout, "vipd runs on, and answers the new vipctl")
    copy.run("vipctl", "reload", "--wait")
    odd = [line.text for line in daemon.lines[mark:] if re.search(r" (vipd\.stop|vrrp\.state|error) ", line.text)]
    t.check(daemon.alive() and not odd, f"nothing has happened to it {odd}")


def remove(t, copy, daemon):
    t.part("dpkg --remove, dpkg --purge")
    copy.dpkg("--remove", "vipd")
    t.check(daemon.alive(), "a vipd that was started by hand is not the package's to stop")
    t.equal(daemon.stop(), 0, "its exit status")
    wait_until(lambda: "192.0.2.100" not in run("ip", "-br", "addr", "show", "eth0").stdout, PATIENCE, "no address")
    there = {name for name in copy.ours() if copy.path(name).is_file() and "/dpkg/" not in name and "systemd" not in name}
    t.check(set(CONFFILES) <= there and there <= set(CONFFILES) | {"/var/lib/vipd/state"},
            f"removed: the administrator's files stay: {sorted(there)}")
    copy.dpkg("--purge", "vipd")
    t.equal(copy.ours(), [], "purged: nothing is left")
    t.check("vipd:" in copy.path("/etc/passwd").read_text(encoding="utf-8"), "but the users")


def without_systemd(t, copy, deb):
    t.part("where there is no systemd-sysusers")
    for user in ("vipd", "vipd_script"):
        copy.run("userdel", user)
    for name in ("/usr/bin/systemd-sysusers", "/usr/bin/systemd-tmpfiles"):
        copy.path(name).unlink(missing_ok=True)
    shutil.rmtree(copy.path("/run/vipd"), ignore_errors=True)
    copy.install(deb)
    for name, wanted in (("/etc/vipd/vipd.conf", "root:vipd 640"), ("/run/vipd", "vipd:vipd 755"),
                         ("/var/lib/vipd", "vipd:vipd 750")):
        t.equal(copy.owner(name), wanted, name)
    t.check("vipd_script" in copy.run("getent", "passwd", "vipd_script").stdout, "the users are made")


def main():
    if os.geteuid():
        sys.exit("deb: only root can do this.")
    if os.environ.get("VIPD_DEB_INSIDE") != "1":
        argv = ["unshare", "--mount", "--propagation=private", "--net", "--", sys.executable, os.path.abspath(__file__)]
        os.execvpe("unshare", argv, {**os.environ, "VIPD_DEB_INSIDE": "1"})
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1")
    run("ip", "link", "set", "eth0", "up")
    run("ip", "link", "set", "eth1", "up")
    run("ip", "addr", "add", "192.0.2.1/24", "dev", "eth0")
    with suite("deb") as t, tempfile.TemporaryDirectory(prefix="vipd-deb-") as name:
        folder = pathlib.Path(name)
        first, newer = build(t, folder)
        install_by_make(t, folder)
        copy = Copy(folder)
        try:
            first_steps(t, copy, first)
            with start(copy) as daemon:
                first_instance(t, copy, daemon)
                upgrade(t, copy, newer, daemon)
                remove(t, copy, daemon)
            without_systemd(t, copy, first)
        finally:
            run("umount", "--recursive", "--lazy", str(copy.root), check=False)
            run("umount", "--lazy", str(folder / "tmp"), check=False)


main()
