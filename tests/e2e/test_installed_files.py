# SPDX-License-Identifier: MIT
"""What is installed beside the programs agrees with them; needs neither root nor a booted systemd."""

import pathlib
import re

SOURCE = pathlib.Path(__file__).parent.parent.parent


def test_the_catalog_explains_every_message_id_and_no_other():
    header = (SOURCE / "daemon/base/message_ids.hpp").read_text()
    catalog = (SOURCE / "systemd/llmspool.catalog").read_text()
    in_code = re.findall(r'"([0-9a-f]{32})"', header)
    explained = re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.MULTILINE)
    assert sorted(in_code) == sorted(explained)
    assert len(set(in_code)) == len(in_code)
