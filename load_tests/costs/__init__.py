"""What each thing costs, measured on real servers: CPU, memory, bytes. `model.py` names them; each module measures."""
