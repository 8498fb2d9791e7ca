from ivr.cli.main import app

app()
