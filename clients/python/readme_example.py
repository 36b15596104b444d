#!/usr/bin/env python3
"""Prints the Python example of README.md, for the server at the address given."""

import re
import sys
from pathlib import Path

readme = Path(__file__).parents[2] / "README.md"
example = re.search(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
if example is None:
    sys.exit("the README has no Python example")
print(example.group(1).replace("127.0.0.1:50051", sys.argv[1]))
