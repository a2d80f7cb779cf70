# SPDX-License-Identifier: GPL-2.0-or-later
"""Certificates for tests, made by openssl(1): an authority, and what it signs, good and bad."""

import os
import subprocess


def _openssl(*argv, stdin=None):
    subprocess.run(["openssl", *argv], check=True, stdin=subprocess.DEVNULL if stdin is None else None, input=stdin,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Authority:
    """Signs certificates; all files lie in `folder`."""

    def __init__(self, folder, name="Test authority"):
        self.folder = folder
        self.key, self.cert = self._path("ca.key"), self._path("ca.pem")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.key,
                 "-out", self.cert, "-days", "30", "-subj", f"/CN={name}")

    def _path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, alt, days=30, not_before=None, not_after=None):
        """A certificate for the names in `alt` ("DNS:www.example.org,IP:127.0.0.1"); returns one file with key and
        certificate. Times as YYYYMMDDHHMMSSZ."""
        key, request, cert, both = (self._path(f"{name}.{end}") for end in ("key", "csr", "crt", "pem"))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out",
                 request, "-subj", f"/CN={name}", "-addext", f"subjectAltName={alt}")
        if not_before:
            index, serial = self._path("index"), self._path("serial")
            with open(index, "w", encoding="ascii"), open(self._path("index.attr"), "w", encoding="ascii"):
                pass
            with open(serial, "w", encoding="ascii") as file:
                file.write("1000\n")
            conf = self._path("ca.conf")
            with open(conf, "w", encoding="ascii") as file:
                file.write(f"[ca]\ndefault_ca=d\n[d]\ndatabase={index}\nserial={serial}\nnew_certs_dir={self.folder}\n"
                           f"default_md=sha256\npolicy=p\ncopy_extensions=copy\n[p]\ncommonName=supplied\n")
            _openssl("ca", "-batch", "-config", conf, "-cert", self.cert, "-keyfile", self.key, "-in", request, "-out",
                     cert, "-notext", "-startdate", not_before, "-enddate", not_after)
        else:
            _openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial", "-days",
                     str(days), "-copy_extensions", "copy", "-out", cert)
        with open(both, "wb") as file:
            for part in (key, cert):
                with open(part, "rb") as source:
                    file.write(source.read())
        return both
