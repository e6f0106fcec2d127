-- The pipeline of {{ name }}: {{ stages }} stage{{ "" if stages == 1 else "s" }} of logic, a register before each and one after the last.
library ieee;
use ieee.std_logic_1164.all;

entity {{ name }}_core is
    port (
        clk : in std_logic;
        in_data : in std_logic_vector({{ widths[0] - 1 }} downto 0);
        out_data : out std_logic_vector({{ widths[-1] - 1 }} downto 0)
    );
end entity;

architecture rtl of {{ name }}_core is
{% for width in widths[:-1] %}
    signal stage{{ loop.index0 }}_in : std_logic_vector({{ width - 1 }} downto 0);
    signal stage{{ loop.index0 }}_out : std_logic_vector({{ widths[loop.index] - 1 }} downto 0);
{% endfor %}
begin
{% for index in range(stages) %}
    stage{{ index }} : entity work.{{ name }}_core_stage{{ index }}
        port map (in_data => stage{{ index }}_in, out_data => stage{{ index }}_out);
{% endfor %}

    process (clk)
    begin
        if rising_edge(clk) then
            stage0_in <= in_data;
{% for index in range(1, stages) %}
            stage{{ index }}_in <= stage{{ index - 1 }}_out;
{% endfor %}
            out_data <= stage{{ stages - 1 }}_out;
        end if;
    end process;
end architecture;
