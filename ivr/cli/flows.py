"""placeholder until drawing lands"""

import typer

app = typer.Typer()


@app.command()
def check() -> None: ...
@app.command()
def draw() -> None: ...
