def lawful_cases():
    return []
