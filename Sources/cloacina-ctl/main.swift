print("cloacina-ctl")
