#!/usr/bin/env python3
"""Prints the Python examples of README.md as one program, for the server at the address given."""

import re
import sys
from pathlib import Path

readme = Path(__file__).parents[2] / "README.md"
examples = re.findall(r"```python\n(.*?)```", readme.read_text(encoding="utf-8"), re.DOTALL)
if not examples:
    sys.exit("the README has no Python example")
print("\n".join(examples).replace("127.0.0.1:50051", sys.argv[1]))
