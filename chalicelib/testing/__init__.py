"""For people who test: Lookalike inside moto's `mock_aws`, a pytest plugin, and scripted answers.

    mock_rekognition   within it, moto's Rekognition is Lookalike's: real answers, no socket     mock.py, inside.py
    plugin             fixtures `lookalike`, `lookalike_client`: a server of its own process     plugin.py, server.py
    script             says what a request is answered, wherever the test's Rekognition is       scripting.py, stages.py

Nothing is imported here: pytest loads the plugin at every start, be it used or not.
"""
